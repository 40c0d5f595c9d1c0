#!/usr/bin/env bash
# build.sh [service …]: the images of these services (all, if none is named), from wherever it is called; `build.sh tools`
# that of deploy/compose besides. The base comes first; each image is looked into for what must not be in it; sizes and SBOMs (CycloneDX) go to .artifacts/images.
#
#   build.sh --tag    prints the tag and builds nothing: the commit, and what differs from it
#
# From the environment: CONTAINER_TOOL (docker or podman), PYTHON_IMAGE (a published base, best by digest), BUILD_FLAGS
# (further options of `build`), TAG; REGISTRY pushes there; PLATFORMS (linux/amd64,linux/arm64) needs docker buildx and
# REGISTRY, since an engine holds images of its own platform only.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
say() { printf 'build: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }

for file in requirements/service.txt .dockerignore deploy/docker/Dockerfile.base libs/servicekit/src; do
  [ -e "$file" ] || fail "$PWD 에 $file 이 없습니다: 저장소 전체를 받은 뒤 그 안의 deploy/docker/build.sh를 실행하세요"
done

sources=(requirements libs/*/src services/*/src services/*/Dockerfile deploy/docker deploy/compose/prepare.py .dockerignore)
changes() { git status --porcelain --untracked-files=all -- "${sources[@]}"; }
contents() {
  git diff HEAD --binary -- "${sources[@]}"
  git ls-files --others --exclude-standard -z -- "${sources[@]}" | xargs -0 -r cat
}
tag() {
  if [ -n "${TAG:-}" ]; then
    echo "$TAG"
  else
    local commit
    commit=$(git rev-parse --short=12 HEAD 2>/dev/null) || fail "git 저장소가 아닙니다: TAG=<버전>을 주세요"
    if [ -n "$(changes)" ]; then commit+=-$(contents | cksum | cut -d' ' -f1); fi
    echo "$commit"
  fi
}
tag=$(tag)
[[ $tag =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ && $tag != latest ]] || fail "TAG=$tag: 태그가 될 수 없습니다 (latest도 안 됩니다: 되돌릴 판이 남지 않습니다)"
if [ "${1:-}" = --tag ]; then echo "$tag"; exit; fi

all=(services/*/Dockerfile)
all=("${all[@]#services/}")
all=("${all[@]%/Dockerfile}")
services=("$@")
[ $# -gt 0 ] || services=("${all[@]}")
file_of() { if [ "$1" = tools ]; then echo deploy/docker/Dockerfile.tools; else echo "services/$1/Dockerfile"; fi; }
for service in "${services[@]}"; do
  [ -f "$(file_of "$service")" ] || fail "$service: 그런 서비스가 없습니다 (${all[*]})"
done

tool=${CONTAINER_TOOL:-${CONTAINER_ENGINE:-}}
for candidate in docker podman; do
  if [ -z "$tool" ] && command -v "$candidate" >/dev/null; then tool=$candidate; fi
done
[ -n "$tool" ] && command -v "$tool" >/dev/null || fail "docker도 podman도 없습니다: 설치하거나 CONTAINER_TOOL에 경로를 주세요"
"$tool" info >/dev/null 2>&1 || fail "$tool: 컨테이너 엔진이 답하지 않습니다: Docker Desktop(또는 docker 서비스)을 켜고 다시 실행하세요"

# podman's own format has no health check
podman=false
if "$tool" --version | grep -qi podman; then podman=true; fi
read -ra flags <<<"${BUILD_FLAGS:-}"
if $podman; then flags+=(--format docker); fi
if [ -n "${PYTHON_IMAGE:-}" ]; then flags+=(--build-arg "PYTHON_IMAGE=$PYTHON_IMAGE"); fi
push() { true; }
build=(build)
if [ -n "${REGISTRY:-}" ]; then
  [ -z "$(changes)" ] || fail "커밋하지 않은 변경이 있습니다: 레지스트리에는 커밋된 판만 올립니다"
  push() { "$tool" push --quiet "$1" >&2; }
fi
if [ -n "${PLATFORMS:-}" ]; then
  [ -n "${REGISTRY:-}" ] || fail "PLATFORMS에는 REGISTRY가 필요합니다: 여러 플랫폼의 이미지는 레지스트리에만 함께 있을 수 있습니다"
  "$tool" buildx version >/dev/null 2>&1 || fail "PLATFORMS에는 docker buildx가 필요합니다"
  build=(buildx build --platform "$PLATFORMS" --provenance=false --push)
  push() { true; }
fi

name_of() { echo "${REGISTRY:+$REGISTRY/}academy-$1:$tag"; }
make_image() { # <name> <Dockerfile> [option …]
  local image=$1 file=$2
  shift 2
  say "$image"
  if ! "$tool" "${build[@]}" "${flags[@]}" "$@" --tag "$image" --file "$file" . >"$log" 2>&1; then
    tail -n 25 "$log" >&2
    if grep -qiE 'manifest|pull access|short-name|no such host|TLS handshake|i/o timeout' "$log"; then
      fail "$image: 이미지를 받지 못했습니다. PYTHON_IMAGE=${PYTHON_IMAGE:-python:3.11-slim}과 네트워크를 확인하세요"
    fi
    fail "$image: 빌드하지 못했습니다 (전체 기록: $log)"
  fi
  push "$image"
}

out=.artifacts/images
mkdir -p "$out"
log=$out/build.log
base=$(name_of base)
# podman looks for a name without a registry on the internet first
$podman && [ -z "${REGISTRY:-}" ] && local_base=localhost/$base || local_base=$base
make_image "$base" deploy/docker/Dockerfile.base
for service in "${services[@]}"; do
  make_image "$(name_of "$service")" "$(file_of "$service")" --build-arg "BASE_IMAGE=$local_base" --build-arg "REVISION=$tag"
done
if [ -n "${PLATFORMS:-}" ]; then say "올렸습니다: $tag"; exit; fi

# what came out: nothing that must not be there, a bill of materials, a size
megabytes() { "$tool" image inspect --format '{{.Size}}' "$(name_of "$1")" | awk '{ printf "%d", $1 / 1000000 }'; }
: >"$out/sizes.txt"
for service in "${services[@]}"; do
  "$tool" run --rm --interactive --network none --read-only --entrypoint python "$(name_of "$service")" \
    -I - "$service" "$tag" <deploy/docker/examine.py >"$out/$service.cdx.json" 2>"$log" ||
    { grep -v systemd "$log" >&2; fail "$service: 이미지에 있으면 안 되는 것이 있습니다 (위 목록)"; }
  printf '%-18s %5s MB, %s above the base\n' "$service" "$(megabytes "$service")" "$(($(megabytes "$service") - $(megabytes base)))" >>"$out/sizes.txt"
done
printf '%-18s %5s MB\n' base "$(megabytes base)" >>"$out/sizes.txt"
cat "$out/sizes.txt" >&2
say "태그 $tag, SBOM은 $out/*.cdx.json"
