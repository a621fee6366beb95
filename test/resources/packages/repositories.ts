// Small signed repositories for all package managers that Debian has, made on a lab host from packages that are built there.

/** What must be installed for them, beyond the managers. */
export const builders = 'gnupg apt-utils createrepo-c rpm libarchive-tools busybox curl'
export const otherManagers = 'dnf zypper pacman-package-manager'

/** Debian packages tiny 1.0-1 and 1.1-1 (with a configuration file), one that is recommended by it and one that needs it, and a key. */
export const makeAptRepository = `set -e
mkdir -p /srv/deb /tmp/build && cd /tmp/build
deb() {
  d=$1-$2; mkdir -p $d/DEBIAN $d/usr/share/tiny $d/etc; echo "$1 $2" >$d/usr/share/tiny/$1
  printf 'Package: %s\\nVersion: %s\\nArchitecture: all\\nMaintainer: T <t@example.test>\\nDescription: tiny\\n%b' "$1" "$2" "$3" >$d/DEBIAN/control
  if [ $1 = tiny ]; then echo "version $2" >$d/etc/tiny.conf; echo /etc/tiny.conf >$d/DEBIAN/conffiles; fi
  dpkg-deb --root-owner-group -b $d /srv/deb/$1_$2_all.deb >/dev/null
}
deb tiny 1.0-1 'Provides: tiny-virtual\\nRecommends: tiny-extra\\n'
deb tiny 1.1-1 'Provides: tiny-virtual\\nRecommends: tiny-extra\\n'
deb tiny-extra 1.0 ''
deb tiny-needs 1.0 'Depends: tiny (>= 1.0)\\n'
mkdir -p tiny-slow-1.0/DEBIAN; printf '#!/bin/sh\\nsleep 5\\n' >tiny-slow-1.0/DEBIAN/preinst; chmod 755 tiny-slow-1.0/DEBIAN/preinst
deb tiny-slow 1.0 ''
for n in 1 2 3 4 5 6 7 8 9; do deb tiny-many$n 1.0 ''; done
export GNUPGHOME=/tmp/gpg; mkdir -p -m 700 $GNUPGHOME
gpg --batch --quiet --passphrase '' --quick-generate-key 'Tiny <t@example.test>' rsa2048 sign never 2>/dev/null
gpg --armor --export >/srv/tiny.asc; gpg --export >/srv/tiny.gpg
cd /srv/deb; apt-ftparchive packages . >Packages; apt-ftparchive release . >/tmp/build/Release; mv /tmp/build/Release .
gpg --batch --quiet --yes --clearsign -o InRelease Release
`

/** rpms tiny 1.0-1 and 1.1-1; Debian's rpm is told to share its database with dnf and zypper, and zypper cannot do with an empty one. */
export const makeRpmRepository = `set -e
mkdir -p /srv/rpm /tmp/build /etc/yum.repos.d /etc/zypp/repos.d && cd /tmp/build
echo '%_dbpath /var/lib/rpm' >/root/.rpmmacros
rpm_of() {
  printf 'Name: %s\\nVersion: %s\\nRelease: 1\\nSummary: tiny\\nLicense: MIT\\nBuildArch: noarch\\n%b%%description\\ntiny\\n%%files\\n' "$1" "$2" "$3" >$1.spec
  rpmbuild --quiet --define '_rpmdir /srv/rpm' --define '_build_name_fmt %%{NAME}-%%{VERSION}.rpm' -bb $1.spec 2>/dev/null
}
rpm_of tiny 1.0 'Provides: tiny-virtual\\n'
rpm_of tiny 1.1 'Provides: tiny-virtual\\n'
rpm_of tiny-needs 1.0 'Requires: tiny\\n'
rpm_of floor 1.0 ''
rpm -i --nodeps --force-debian /srv/rpm/floor-1.0.rpm
createrepo_c -q /srv/rpm
`

/** pacman's packages tiny 1.0-1 and 1.1-1, and \`publish VERSION\`, which makes a database that names one of them. */
export const makePacmanRepository = `set -e
mkdir -p /srv/pacman /tmp/build
for v in 1.0 1.1; do
  d=/tmp/build/pacman-$v; mkdir -p $d/usr/share/tiny; echo $v >$d/usr/share/tiny/pacman
  printf 'pkgname = tiny\\npkgver = %s-1\\npkgdesc = tiny\\nbuilddate = 1\\nsize = 4\\narch = any\\nprovides = tiny-virtual\\n' $v >$d/.PKGINFO
  (cd $d; bsdtar -czf /srv/pacman/tiny-$v-1-any.pkg.tar.gz .PKGINFO usr)
done
cat >/usr/local/bin/publish <<'X'
set -e
rm -rf /tmp/build/db; mkdir -p /tmp/build/db/tiny-$1-1; cd /tmp/build/db
file=tiny-$1-1-any.pkg.tar.gz
printf '%%FILENAME%%\\n%s\\n\\n%%NAME%%\\ntiny\\n\\n%%VERSION%%\\n%s-1\\n\\n%%CSIZE%%\\n%s\\n\\n%%ARCH%%\\nany\\n\\n%%PROVIDES%%\\ntiny-virtual\\n\\n' \\
  $file $1 $(stat -c %s /srv/pacman/$file) >tiny-$1-1/desc
tar -czf /srv/pacman/tiny.db tiny-*
# pacman fetches a database again only if its time, in seconds, has changed
touch -d "$2" /srv/pacman/tiny.db
X
sh /usr/local/bin/publish 1.0 '2 days ago'
`
