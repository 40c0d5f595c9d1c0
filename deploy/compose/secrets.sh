#!/usr/bin/env bash
# secrets.sh: writes .env beside compose.yaml, with secrets of its own and the tag of the images; never over one that is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
if [ -e .env ]; then echo "secrets: .env가 이미 있습니다. 지우면 데이터베이스의 비밀번호도 잃습니다." >&2; exit 1; fi
command -v openssl >/dev/null || { echo "secrets: openssl이 필요합니다." >&2; exit 1; }
umask 077
hex() { openssl rand -hex "${1:-24}"; }
{
  echo "TAG=$(../docker/build.sh --tag)"
  for name in POSTGRES_PASSWORD GRAFANA_PASSWORD AWS_SECRET_ACCESS_KEY R2_ACCESS_KEY R2_SECRET_KEY MESSAGING_WEBHOOK_TOKEN; do
    echo "$name=$(hex)"
  done
  for name in INTERNAL_WORKER_TOKEN PSEUDONYM_KEY RECIPIENT_KEY; do echo "$name=$(hex 32)"; done
  for service in ENROLLMENT STUDENTS MESSAGING MEDIA STORAGE_JANITOR; do
    echo "${service}_OWNER_PASSWORD=$(hex)"
    echo "${service}_APP_PASSWORD=$(hex)"
  done
  echo "CDN_HLS_SIGNING_SECRET=v1:$(hex 32)"
  echo "ACCOUNT_SIGNING_KEYS=\"$(openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt)\""
  echo "# an account's keys, with MESSAGING_PROVIDER=solapi"
  echo "SOLAPI_API_KEY=unset"
  echo "SOLAPI_API_SECRET=unset"
} >.env.new
mv .env.new .env
echo "secrets: $PWD/.env 를 만들었습니다. 커밋하지 말고 안전한 곳에 사본을 두세요." >&2
