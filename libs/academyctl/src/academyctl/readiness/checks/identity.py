"""Who may call: the internal token, and the issuer of user tokens."""

from __future__ import annotations

from collections.abc import Iterator

from servicekit.auth import ACCOUNT_ISSUER, KeySet
from servicekit.problem import Problem

from academyctl.readiness.context import Context
from academyctl.readiness.report import VALUES, Verdict, failed, passed, skipped_after

_LENGTH, _LETTERS = 32, 10  # the earlier system's minimum; 32 random hex digits hold 14 different ones
_EXAMPLES = ("change", "example", "secret", "password", "token", "test", "1234567")


def internal_token(context: Context) -> Iterator[Verdict]:
    """Nobody can guess a live value of INTERNAL_WORKER_TOKEN."""
    spread = context.spread("INTERNAL_WORKER_TOKEN")
    for secret, holders in spread.items():
        weak = [why for token in secret.reveal() if (why := _weakness(token))]
        subject = ", ".join(service.name for service in holders)
        if weak:
            fix = "`python -c 'import secrets; print(secrets.token_hex(32))'`로 새로 만드세요"
            yield failed(subject, f"추측할 수 있는 토큰입니다: {weak[0]}", fix)
        else:
            yield passed(subject, f"살아 있는 값 {len(secret.reveal())}개")
    if not spread:
        yield skipped_after(VALUES, "INTERNAL_WORKER_TOKEN")


def _weakness(token: str) -> str | None:
    if len(token) < _LENGTH:
        return f"{_LENGTH}자보다 짧습니다"
    if len(set(token)) < _LETTERS:
        return "같은 글자가 되풀이됩니다"
    return "예제에 쓰는 말이 들어 있습니다" if any(word in token.lower() for word in _EXAMPLES) else None


def issuer(context: Context) -> Iterator[Verdict]:
    """The issuer of staff tokens is not called like the students service's own."""
    if context.agreed("AUTH_ISSUER") == ACCOUNT_ISSUER:
        reason = "학생·학부모 토큰의 발급자와 이름이 같습니다"
        yield failed("AUTH_ISSUER", reason, "직원 로그인(OIDC)의 `iss` 값을 적으세요")
    elif context.agreed("AUTH_ISSUER"):
        yield passed("AUTH_ISSUER", context.agreed("AUTH_ISSUER") or "")
    else:
        yield skipped_after(VALUES, "AUTH_ISSUER")


def jwks(context: Context) -> Iterator[Verdict]:
    """The services will get at least one key that they can use, in the way that they ask."""
    url = context.agreed("AUTH_JWKS_URL")
    if url is None:
        yield skipped_after(VALUES, "AUTH_JWKS_URL")
        return
    if context.refuses(url):
        reason = "https가 아니어서 열쇠를 바꿔치기할 수 있습니다"
        yield failed("AUTH_JWKS_URL", reason, "https 주소로 바꾸세요")
        return
    try:
        KeySet(url).find("readiness")
    except Problem:
        reason = "쓸 수 있는 열쇠를 받지 못했습니다 (주소가 답하지 않거나 RS256·ES256 열쇠가 없음)"
        yield failed("AUTH_JWKS_URL", reason, '주소를 열어 {"keys": [...]}가 나오는지 확인하세요')
    else:
        yield passed("AUTH_JWKS_URL", "열쇠를 받았습니다")
