# Sourced by scripts/render and scripts/stills: make .venv-scene as scripts/locks/scene.txt says, once.
lock=scripts/locks/scene.txt
stamp=$(cat scripts/locks/uv.txt "$lock" | sha256sum | cut -c1-16)
if [ "$(cat .venv-scene/installed 2>/dev/null)" != "$stamp" ]; then
  missing=""
  for package in libx11-6 libgl1 libxrender1 libxi6 libxkbcommon0 libsm6 libxxf86vm1 libxfixes3 fonts-noto-cjk; do
    [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | cut -c1-2)" = ii ] || missing="$missing $package"
  done
  if [ -n "$missing" ]; then
    if [ "$(id -u)" != 0 ]; then echo "missing Debian packages:$missing (run once as root: apt-get install$missing)" >&2; exit 1; fi
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing >/dev/null
  fi
  echo "installing the renderer into .venv-scene (about 1.7 GB, once)" >&2
  python=$(command -v python3.11 || command -v python3)
  if [ "$("$python" -c 'import sys; print(sys.version_info[:2] == (3, 11))')" != True ]; then
    echo "the renderer needs Python 3.11, $("$python" --version) was found" >&2; exit 1
  fi
  [ -x .venv-scene/bin/python ] || "$python" -m venv .venv-scene
  .venv-scene/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r scripts/locks/uv.txt
  .venv-scene/bin/uv pip sync -q --python .venv-scene/bin/python --require-hashes "$lock" scripts/locks/uv.txt
  echo "$stamp" > .venv-scene/installed
fi
