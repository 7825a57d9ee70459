"""Tables and records as lines."""

from __future__ import annotations

from service.commands.tables import Column, Screen, columns_of, record_lines, table_lines

COLUMNS = (Column("id", kind="id"), Column("name", rank=1), Column("text"), Column("more", rank=2))
ROWS = [{"id": "lab_1", "name": "a", "text": "one two three " * 5, "more": "x"}, {"id": "lab_2", "name": None}]


def test_programs_get_tabs_and_every_column() -> None:
    """In a pipe there is a head, a line a row, tabs between, nothing cut and nothing left out."""
    lines = list(table_lines(COLUMNS, ROWS, Screen()))

    assert "id\tname\ttext\tmore" == lines[0]
    assert ["lab_1", "a", ("one two three " * 5), "x"] == lines[1].split("\t")
    assert ["lab_2", "-", "-", "-"] == lines[2].split("\t")


def test_rows_are_read_as_they_come() -> None:
    """For programs a row is printed before the next one is asked for: a feed has no end."""
    rows = iter(ROWS)
    lines = table_lines(COLUMNS, rows, Screen())
    next(lines)
    next(lines)

    assert ROWS[1] == next(rows)


def test_columns_of_low_rank_go_first() -> None:
    """A narrow screen loses the columns of the highest rank, then texts are wrapped; ids are never cut."""
    screens = {width: Screen(is_terminal=True, width=width) for width in (60, 45, 10)}
    heads = {width: next(table_lines(COLUMNS, ROWS, screen)).split() for width, screen in screens.items()}

    assert {60: ["ID", "NAME", "TEXT", "MORE"], 45: ["ID", "NAME", "TEXT"], 10: ["ID", "TEXT"]} == heads
    lines = list(table_lines(COLUMNS, ROWS, Screen(is_terminal=True, width=10)))
    assert lines[1].startswith("lab_1  ")


def test_long_texts_are_wrapped_whole() -> None:
    """Each word of a wrapped text is on the screen."""
    lines = list(table_lines(COLUMNS, ROWS, Screen(is_terminal=True, width=50)))

    assert 15 == sum(line.count(word) for line in lines for word in ("one", "two", "three"))
    assert all(len(line) <= 50 for line in lines)


def test_wide_characters_are_counted_as_they_are_shown() -> None:
    """Columns stay aligned below names of two cells a character."""
    rows = [{"id": "実験", "name": "x"}, {"id": "abcd", "name": "y"}]
    lines = list(table_lines(COLUMNS[:2], rows, Screen(is_terminal=True)))

    assert ["実験  x", "abcd  y"] == lines[1:]


def test_records_leave_out_what_is_empty_for_people_only() -> None:
    """A person sees the members that have a value, a program all of them in the same order every time."""
    row = {"id": "lab_1", "name": "", "text": "x" * 60}

    assert 2 + 1 == len(list(record_lines(COLUMNS[:3], row, Screen(is_terminal=True, width=40))))
    assert ["id\tlab_1", "name\t-", f"text\t{'x' * 60}"] == list(record_lines(COLUMNS[:3], row, Screen()))


def test_colours_only_where_there_are_some() -> None:
    """A state is coloured on a screen with colours, and nowhere else."""
    column, row = [Column("state", kind="state")], {"state": "failed"}
    coloured = list(record_lines(column, row, Screen(is_terminal=True, has_colour=True)))

    assert "\x1b[31mfailed\x1b[0m" in coloured[0]
    assert "\x1b" not in "".join(record_lines(column, row, Screen(is_terminal=True)))


def test_names_alone_are_columns() -> None:
    """A plain name stands for its member; an id is never left out."""
    columns = columns_of(("id", "name"))

    assert [("id", "id", 0), ("name", "text", 1)] == [(one.head, one.kind, one.rank) for one in columns]
