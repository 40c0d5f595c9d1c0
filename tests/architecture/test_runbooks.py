"""What the runbooks tell people to type can be typed: commands, routes, SQL and files as the code has them.

Read: fenced blocks of `bash` and `sql` in deploy/ and the READMEs; in runbooks also what stands in `…` and begins
as a command, a query or a route. Other fences (`text`) show what is answered. `<…>`, `…` and $VARIABLES stand for a
value, a variable for the one that the same text gives it.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr, suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from unittest.mock import patch
from urllib.parse import parse_qsl, urlsplit

import pytest
from academyctl.__main__ import COMMANDS
from academyctl.embedded.postgres import binaries
from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.session import Session
from contracts import SERVICES, package_of
from servicekit.operations import operations
from testkit.real_routes import RealRoutes, Route
from werkzeug.exceptions import HTTPException

KIT = ("api", "worker", "migrate", "settings")
# a value of unknown meaning: an id, a tenant, a word
ANY = "00000000-0000-0000-0000-000000000000"
MOMENT = "2026-11-29T03:00+09:00"
EXAMPLES = {
    "서비스": "media", "받는 서비스": "media", "보낸 서비스": "media", "SERVICE": "media", "시각": MOMENT,
    "날짜": MOMENT, "SINCE": MOMENT, "UNTIL": MOMENT, "값": "1",
}  # fmt: skip
# in a query: whole names; anything else is NULL
NAMES = {"스키마": "enrollment"}
STAND_IN = re.compile(r"<([^<>\n]+)>|\$\{?([A-Za-z_]\w*)\}?|(…)")
ASSIGNMENT = re.compile(r"^(?:export )?([A-Z][A-Z0-9_]*)=(\S*)$", re.MULTILINE)
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
OURS = ("academyctl", *SERVICES)
INLINE = re.compile(rf"`((?:{'|'.join((*OURS, 'make', 'aws', 'curl', 'python'))}) [^`]+)`")
QUERY = re.compile(r"`((?:SELECT|UPDATE) [^`]+);`")
ROUTE = re.compile(r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`]+)`")
FILE = re.compile(r"(?<![\w/.])((?:deploy|services|libs|tests)/[\w./-]*\w)")
# what everybody's machine has; what it is told is not looked at
STANDARD = frozenset(
    "cd cat cp date echo export grep head jq kill ls mkdir openssl rm sleep sort tail test true wc".split()
)


class WrongError(Exception):
    """What is wrong with a command, in words."""


class Read(Exception):  # noqa: N818 - nothing is wrong
    """The command line was read to its end."""


@dataclass(frozen=True)
class Document:
    """A text, and what it tells to do."""

    name: str
    text: str
    values: Mapping[str, str] = field(default_factory=dict)

    def fenced(self, language: str) -> Iterator[str]:
        """The blocks of a language, as they stand."""
        return (block for found, block in FENCE.findall(self.text) if found == language)

    def commands(self) -> Iterator[list[str]]:
        """Each command as its words."""
        inline = (" ".join(text.split()) for text in INLINE.findall(self.text))
        for script in [*self.fenced("bash"), *(inline if "/runbooks/" in self.name else ())]:
            yield from split(script, self.values)

    def queries(self) -> Iterator[str]:
        """Each statement, stand-ins replaced."""
        blocks = [
            one for block in self.fenced("sql") for one in re.sub("--.*", "", block).split(";") if one.strip()
        ]
        for query in [*QUERY.findall(self.text), *blocks]:
            yield re.sub(r"'[^']*…[^']*'|…|\bPID\b", "NULL", re.sub(r"'?<(.*?)>'?", _named, query.strip()))

    def routes(self) -> Iterator[tuple[str, str]]:
        """(method, path) of what stands between the words."""
        return (tuple(filled(text, {}).split()[:2]) for text in ROUTE.findall(self.text))  # type: ignore[misc]


def _named(found: re.Match[str]) -> str:
    name = NAMES.get(found[1])
    return "NULL" if name is None else f"'{name}'" if found[0].startswith("'") else name


def filled(text: str, values: Mapping[str, str]) -> str:
    """With a value for each stand-in."""

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2] or ""
        return values.get(name) or EXAMPLES.get(name, ANY)

    return STAND_IN.sub(value, text)


def split(script: str, values: Mapping[str, str]) -> Iterator[list[str]]:
    """The simple commands of a shell script, those inside $(…) first. Raises WrongError."""
    script = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*$|\s#\s.*$", "", script, flags=re.MULTILINE))
    while inner := re.search(r"\$\(([^()]*)\)", script):
        yield from split(inner[1], values)
        script = script[: inner.start()] + ANY + script[inner.end() :]
    reader = shlex.shlex(filled(script, values), posix=True, punctuation_chars="|&;<>\n")
    reader.whitespace, reader.whitespace_split, reader.commenters = " \t", True, ""
    words: list[str] = []
    try:
        for word in [*reader, "\n"]:
            if word and not word.strip("|&;\n"):
                yield from _simple(words)
                words = []
            else:
                words.append(word)
    except ValueError as error:
        raise WrongError(f"{error}: {script.strip()[:60]}") from None


def _simple(words: list[str]) -> Iterator[list[str]]:
    """Without assignments before, and redirections after it."""
    while words and re.match(r"[A-Z][A-Z0-9_]*=", words[0]):
        words = words[1:]
    redirected = next((at for at, word in enumerate(words) if word in ("<", ">", ">>", "2")), len(words))
    if words:
        yield words[:redirected]


def read_by(parse: Callable[[], object]) -> None:
    """Let a parser read; `parse` goes no further. Raises WrongError."""
    original, said = argparse.ArgumentParser.parse_args, StringIO()

    def read(parser: argparse.ArgumentParser, arguments: list[str]) -> argparse.Namespace:
        original(parser, arguments)
        raise Read

    with patch.object(argparse.ArgumentParser, "parse_args", read), redirect_stderr(said):
        try:
            parse()
        except Read:
            return
        except SystemExit:
            raise WrongError(said.getvalue().strip().splitlines()[-1]) from None
    raise AssertionError("it reads no arguments")


def academyctl(words: list[str]) -> None:
    command, *arguments = words or [""]
    if command not in COMMANDS:
        raise WrongError(f"academyctl has no command {command}")
    parser = argparse.ArgumentParser(prog=f"academyctl {command}")
    import_module(f"academyctl.commands.{command}").add_arguments(parser)
    read_by(lambda: parser.parse_args(arguments))


def service(name: str, words: list[str]) -> None:
    command, *arguments = words or [""]
    package = package_of(name)
    if command in KIT or (name, command) == ("media", "encoder"):
        if arguments:
            raise WrongError(f"{name} {command} takes no arguments")
        return
    own = import_module(f"{package}.commands").COMMANDS if find_spec(f"{package}.commands") else {}
    if command not in own:
        raise WrongError(f"{name} has no command {command}")
    module, _, function = own[command].partition(":")
    read_by(lambda: getattr(import_module(module), function)(None, arguments))


def python(words: list[str]) -> None:
    if words[:1] != ["-m"]:
        raise WrongError("python with a module, please")
    if find_spec(words[1]) is None:
        raise WrongError(f"there is no module {words[1]}")
    for name in SERVICES:
        if words[1] == package_of(name):
            service(name, words[2:])
    if words[1] == "academyctl":
        academyctl(words[2:])


def make(words: list[str]) -> None:
    targets = re.findall(r"^([a-z-]+):", Path("Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for word in words:
        if word not in targets and not re.match(r"[A-Z]+=", word):
            raise WrongError(f"no target {word}")


@cache
def routes() -> tuple[list[RealRoutes], RealRoutes]:
    """What each service gives to people, and what all give below /api/v1/operations/<service>."""
    https = [import_module(f"{package_of(name)}.http") for name in SERVICES]
    operated = [operations, *(blueprint for one in https for blueprint in getattr(one, "OPERATED", ()))]
    return [RealRoutes(one.BLUEPRINTS) for one in https], RealRoutes(operated)


def find(method: str, path: str) -> Route:
    """Raises WrongError."""
    operated = re.fullmatch(r"(?:/api/v1/operations/([^/]+)|/internal/operations)(/.*)", path)
    if operated and operated[1] not in (*SERVICES, None):
        raise WrongError(f"no service {operated[1]}")
    for served in [routes()[1]] if operated else routes()[0]:
        with suppress(HTTPException):
            return served.find(method, operated[2] if operated else path)[0]
    raise WrongError(f"nobody serves {method} {path}")


def route(method: str, address: str, body: str | None = None, *, whole: bool = True) -> None:
    """A path with its query, and the JSON that is sent; `whole`: what the route needs has to be there."""
    url = urlsplit(address)
    if method == "GET" and url.path in ("/health", "/livez", "/readyz", "/metrics"):
        return
    found = find(method, url.path)
    if not whole:
        return
    given = {"query": dict(parse_qsl(url.query))} | ({"json": json.loads(body)} if body else {})
    for place, values in given.items():
        if values and place not in found.takes:
            raise WrongError(f"{method} {url.path} takes no {place}")
    for place, schema in found.takes.items():
        values = given.get(place, {})
        wrong = {
            name: said
            for name, said in schema().validate(values).items()
            if ANY not in str(values.get(str(name)))
        }
        if wrong:
            raise WrongError(f"{method} {url.path}: {wrong}")


def curl(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="curl", allow_abbrev=False)
    for flags in ("-s --silent", "-S", "-f --fail", "-sS", "-sf", "-sfS", "-i"):
        parser.add_argument(*flags.split(), action="store_true")
    parser.add_argument("-X", dest="method")
    parser.add_argument("-H", action="append")
    parser.add_argument("-d", dest="body")
    parser.add_argument("-o")
    parser.add_argument("-w")
    parser.add_argument("url")
    given, said = argparse.Namespace(), StringIO()
    with redirect_stderr(said):
        try:
            parser.parse_args(words, given)
        except SystemExit:
            raise WrongError(said.getvalue().strip().splitlines()[-1]) from None
    path = re.sub(r"^https?://[^/]+", "", given.url).removeprefix(ANY)
    route(given.method or ("POST" if given.body else "GET"), path, given.body)


CLOUD = Session()
# of the command line itself
GLOBAL = frozenset({"region", "query", "output", "profile", "no-cli-pager"})


def aws(words: list[str]) -> None:
    name, operation, *given = words
    if (name, operation) in (("s3", "ls"), ("logs", "tail")):
        return
    try:
        model = CLOUD.get_service_model(name)
    except UnknownServiceError:
        raise WrongError(f"aws has no service {name}") from None
    waited = operation == "wait"
    if waited:
        waiters = CLOUD.get_waiter_model(name)
        by_name = {xform_name(each, "-"): waiters.get_waiter(each).operation for each in waiters.waiter_names}
        operation, given = given[0], given[1:]
    else:
        by_name = {xform_name(each, "-"): each for each in model.operation_names}
    if operation not in by_name:
        raise WrongError(f"aws {name} has no {operation}")
    shape = model.operation_model(by_name[operation]).input_shape
    members = {xform_name(member, "-"): member for member in shape.members} if shape else {}
    options = {word[2:].partition("=")[0] for word in given if word.startswith("--")} - GLOBAL
    options = {one if one in members else one.removeprefix("no-") for one in options}
    if strange := options - set(members):
        raise WrongError(f"aws {name} {operation} has no {sorted(strange)}")
    missing = {xform_name(each, "-") for each in (shape.required_members if shape else ())} - options
    if missing:
        raise WrongError(f"aws {name} {operation} needs {sorted(missing)}")


@cache
def options_of(program: str) -> frozenset[str]:
    help_ = subprocess.run([binaries() / program, "--help"], capture_output=True, text=True, check=True)
    return frozenset(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", help_.stdout))


def postgres(program: str, words: list[str]) -> None:
    """One of PostgreSQL's own programs."""
    for word in words:
        option = word.partition("=")[0]
        if option.startswith("-") and option not in options_of(program):
            raise WrongError(f"{program} has no {option}")


def check(words: list[str]) -> None:
    """Raises WrongError."""
    program, *arguments = words
    program = Path(program).name
    fixed = {"academyctl": academyctl, "python": python, "make": make, "curl": curl, "aws": aws}
    if program in fixed:
        fixed[program](arguments)
    elif program in SERVICES:
        service(program, arguments)
    elif (binaries() / program).exists():
        postgres(program, arguments)
    elif program not in STANDARD:
        raise WrongError(f"nobody knows {program}")


@pytest.fixture(scope="module")
def documents(root):
    found = [*(root / "deploy").rglob("*.md"), *root.glob("services/*/README.md"), root / "README.md"]
    texts = {str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in sorted(found)}
    return [Document(name, text, dict(ASSIGNMENT.findall(text))) for name, text in texts.items()]


@pytest.fixture(autouse=True)
def _in_the_repository(root, monkeypatch):
    monkeypatch.chdir(root)


def wrongs(document):
    try:
        for words in document.commands():
            try:
                check(words)
            except WrongError as error:
                yield f"{document.name}: {' '.join(words)}: {error}"
    except WrongError as error:
        yield f"{document.name}: {error}"


def test_every_command_can_be_typed(documents):
    assert [wrong for document in documents for wrong in wrongs(document)] == []


def test_every_route_that_is_named_is_served(documents):
    wrong = []
    for document in documents:
        for method, path in document.routes() if "/runbooks/" in document.name else ():
            try:
                route(method, path, whole=False)
            except WrongError as error:
                wrong.append(f"{document.name}: {error}")
    assert wrong == []


def test_every_query_is_one_that_the_database_understands(documents, migrated):
    admin = migrated("enrollment", "media", "messaging", "storage_janitor", "students").admin
    for document in documents:
        for query in document.queries():
            with admin.transaction(force_rollback=True):
                reads = query.split()[0].upper() in ("SELECT", "UPDATE", "INSERT", "DELETE", "WITH")
                admin.execute(f"EXPLAIN {query}" if reads else query)


def test_every_file_and_every_other_runbook_that_is_named_exists(documents, root):
    wrong = []
    for document in documents:
        if "/runbooks/" in document.name:
            folder = (root / document.name).parent
            linked = {folder / name for name in re.findall(r"\]\(([\w./-]+)\)", document.text)}
            named = {root / name for name in FILE.findall(document.text)}
            wrong += [f"{document.name}: {one}" for one in linked | named if not one.exists()]
    assert wrong == []


def test_a_procedure_says_when_it_was_last_practised_and_has_numbered_steps(documents):
    for document in documents:
        name = Path(document.name).name
        if "/runbooks/" in document.name and name[0].islower():
            assert re.search(r"^마지막 연습: ", document.text, re.MULTILINE), document.name
            assert "\n1. " in document.text, document.name


@pytest.mark.parametrize(
    "typed",
    [
        "academyctl dlg list",
        "academyctl dlq replay media --fingerprnt x",
        "academyctl dlq replay medai",
        "academyctl dlq discard media --fingerprint x",
        "students replay-erasures",
        "students replay-erasures --since 2026-11-29 --dryrun",
        "students forget",
        "storage-janitor holds add video $VIDEO --days 30 --reason x",
        "media encoder --all",
        "python -m student settings",
        "make rum",
        "echo $(academyctl tokne) | jq .",
        "aws rds restore-db-instance-to-point-in-time --source-db-instance-identifer a"
        " --target-db-instance-identifier b",
        "aws rds restore-db-instance-to-point-in-time --source-db-instance-identifier a",
        "aws rds restore-db-instance-to-time --target-db-instance-identifier b",
        "aws rds wait db-instance-avaliable --db-instance-identifier b",
        "pg_dump --fromat=custom",
        "curl -s $URL/api/v1/messaging/holds/",
        "curl -s -X POST $URL/api/v1/messaging/hold/",
        """curl -s -X PUT $URL/api/v1/messaging/hold/ -d '{"hold": true}'""",
        """curl -s -X PUT $URL/api/v1/messaging/hold/ -d '{"hold": true, "reasons": "x"}'""",
        "curl -s $URL/api/v1/messaging/log/?status=QUEUED",
        "curl -s $URL/api/v1/operations/medai/dead_letters/",
        "sl",
        "academyctl flow 'x",
    ],
)
def test_what_cannot_be_typed_is_found(typed):
    assert list(wrongs(Document("x", f"```bash\n{typed}\n```"))) != []


def test_what_can_be_typed_is_not():
    typed = 'TOKEN=$(academyctl token --tenant demo --role owner)\nacademyctl flow <작업 번호> | grep "x; y" > /tmp/x'
    assert list(wrongs(Document("x", f"```bash\n{typed}\n```"))) == []


def test_every_program_of_postgresql_that_is_named_is_there():
    assert all(shutil.which(name, path=binaries()) for name in ("psql", "pg_dump", "pg_restore"))
