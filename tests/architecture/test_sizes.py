"""Short functions, files of one screenful of ideas, composition roots that read as a table of contents."""

import statistics

ROOT_LINES = 25
FILE_LINES = 400


def test_no_function_is_long_and_nine_of_ten_are_short(modules):
    lengths = [(lines, f"{m.name}:{name}") for m in modules for name, lines in m.functions()]
    assert [where for lines, where in lengths if lines > 60] == []
    assert statistics.quantiles([lines for lines, _ in lengths], n=10)[-1] <= 30


def test_files_fit_in_the_head(modules):
    long = {m.name: len(m.path.read_text(encoding="utf-8").splitlines()) for m in modules}
    assert {name: lines for name, lines in long.items() if lines > FILE_LINES} == {}


def test_composition_roots_are_tables_of_contents(modules, services):
    roots = {
        (m.package, name): lines
        for m in modules
        if m.package in services.values()
        for name, lines in m.functions()
        if name in {"create_app", "build_worker"}
    }
    assert {package for package, _ in roots} == set(services.values())
    assert {key: lines for key, lines in roots.items() if lines > ROOT_LINES} == {}
