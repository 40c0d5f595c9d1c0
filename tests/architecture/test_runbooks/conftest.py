"""Reads what texts tell people to type, and holds it to the code: commands, routes, SQL and files.

Read: fenced blocks of `bash` and `sql` in deploy/ and the READMEs; in runbooks also what stands between `
and begins as a command, a query or a route. Other fences (`text`) show what is answered. `<…>`, `…` and
$VARIABLES stand for a value, a variable for the one that the same text gives it.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
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
from werkzeug.datastructures import MultiDict
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
ASSIGNMENT = re.compile(r"^(?:export )?([A-Za-z]\w*)=([^\s$]*)$", re.MULTILINE)
# what is quoted may hold parentheses
SUBSTITUTION = re.compile(r"""\$\(((?:"[^"]*"|'[^']*'|[^()"'])*)\)""")
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
OURS = ("academyctl", *SERVICES)
INLINE = re.compile(rf"`((?:{'|'.join((*OURS, 'make', 'aws', 'curl', 'python'))}) [^`]+)`")
QUERY = re.compile(r"`((?:SELECT|UPDATE) [^`]+);`")
ROUTE = re.compile(r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`]+)`")
FILE = re.compile(r"(?<![\w/.])((?:deploy|services|libs|tests)/[\w./-]*\w)")
# what everybody's machine has; what it is told is not looked at
STANDARD = frozenset({
    ".", "cat", "cd", "cp", "date", "docker", "echo", "git", "grep", "head", "jq", "kill", "ls", "openssl",
    "rm", "set", "tail",
})  # fmt: skip


class WrongError(Exception):
    """What is wrong with a command, in words."""


class Read(Exception):
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
            named = re.sub(r"'?<([^<>=]+)>'?", _named, query.strip())
            yield re.sub(r"'[^']*…[^']*'|…|\bPID\b", "NULL", named)

    def routes(self) -> Iterator[list[str]]:
        """[method, path] of what stands between the words."""
        named = ROUTE.findall(self.text) if "/runbooks/" in self.name else ()
        return (filled(text, {}).split()[:2] for text in named)

    def files(self) -> list[str]:
        """Paths of the repository."""
        return FILE.findall(self.text)

    def wrongs(self) -> Iterator[str]:
        """What cannot be typed, and why."""
        try:
            for words in self.commands():
                try:
                    check(words)
                except WrongError as error:
                    yield f"{self.name}: {' '.join(words)}: {error}"
        except WrongError as error:
            yield f"{self.name}: {error}"


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
    while inner := SUBSTITUTION.search(script):
        yield from split(inner[1], values)
        script = script[: inner.start()] + ANY + script[inner.end() :]
    reader = shlex.shlex(filled(script, values), posix=True, punctuation_chars="|&;<>\n")
    # a line's end ends a command; comments are gone
    vars(reader).update(whitespace=" \t", whitespace_split=True, commenters="")
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
    """Without assignments before, and redirections after it; of a loop what it does."""
    while words and (words[0] in ("do", "export", "env", "$@") or re.match(r"[A-Za-z]\w*=", words[0])):
        words = words[1:]
    redirected = next((at for at, word in enumerate(words) if word in ("<", ">", ">>", "2")), len(words))
    if words and words[0] == "xargs" and "-c" in words:
        yield from split(words[words.index("-c") + 1], {})
    elif words and words[0] not in ("for", "done"):
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
    if words[:1] == ["-c"]:
        compile(words[1], "<runbook>", "exec")
        return
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


def route(method: str, address: str, body: str | None = None) -> None:
    """A path with its query, and the JSON that is sent."""
    url = urlsplit(address)
    if method == "GET" and url.path in ("/health", "/livez", "/readyz", "/metrics"):
        return
    found = find(method, url.path)
    given = {"query": dict(parse_qsl(url.query))} | ({"json": json.loads(body)} if body else {})
    for place, values in given.items():
        if values and place not in found.takes:
            raise WrongError(f"{method} {url.path} takes no {place}")
    for place, schema in found.takes.items():
        values = given.get(place, {})
        wrong = {
            name: said
            for name, said in schema().validate(MultiDict(values) if place == "query" else values).items()
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
    # who throws the answer away looks whether somebody answers there at all
    if given.o != "/dev/null":
        route(given.method or ("POST" if given.body else "GET"), path, given.body)


CLOUD = Session()
# of the command line itself
GLOBAL = frozenset({"region", "query", "output", "profile", "max-items", "endpoint-url"})
# that the command line adds to the services
ADDED = frozenset(
    {
        ("cloudformation", "deploy"),
        ("ecr", "get-login-password"),
        ("logs", "tail"),
        ("s3", "cp"),
        ("s3", "ls"),
    }
)


def aws(words: list[str]) -> None:
    name, operation, *given = words
    if (name, operation) in ADDED:
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
    if "overrides" in options:
        run_task(given)


def run_task(given: list[str]) -> None:
    """The task definition is academy-<service>-worker, and the image's own command comes before `command`."""
    of = re.fullmatch("academy-(.*)-worker", given[given.index("--task-definition") + 1])
    if of is None or of[1] not in SERVICES:
        raise WrongError("a worker's task definition, please")
    (container,) = json.loads(given[given.index("--overrides") + 1])["containerOverrides"]
    service(of[1], container["command"])


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
    if program.startswith("deploy/") and Path(program).exists():
        return
    program = Path(program).name
    fixed = {
        "academyctl": academyctl,
        "python": python,
        "python3": python,
        "make": make,
        "curl": curl,
        "aws": aws,
    }
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


@pytest.fixture
def wrongs_of():
    """What is wrong with a script."""
    return lambda script: list(Document("x", f"```bash\n{script}\n```").wrongs())


@pytest.fixture
def served():
    """Raises WrongError where nobody serves a method and a path."""
    return find
