"""Files as they come: broken, huge, nested, in another encoding. Each is read to its end, or says where not."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.interchange.reading import RECORD_MAX, Broken, Piece, document, json_lines, table


def nothing(_: int) -> None:
    """Nobody watches the progress."""


def lines(raw: bytes) -> list[Piece]:
    return list(json_lines(io.BytesIO(raw), nothing))


def elements(raw: bytes) -> Iterator[Piece]:
    return document(io.BytesIO(raw), nothing, {})


def rows(raw: bytes) -> list[Piece]:
    return list(table(io.BytesIO(raw), nothing))


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        (b'{"id": ', "is not JSON at column 7"),
        (b'{"id": "\xff"}', "is not UTF-8 at byte 9 of the line"),
        (b"[" * 1_000_000, "is nested too deeply"),
        (b"7" * 5_000, "holds a number that is too long"),
        (b'"text"', "is not an object in braces"),
        (b" " * RECORD_MAX + b"{}", f"the line is longer than {RECORD_MAX:,} bytes"),
    ],
)
def test_a_broken_line_is_told_of_and_the_next_one_read(line: bytes, wrong: str) -> None:
    first, second, third = lines(b'{"id": 1}\n' + line + b'\n{"id": 3}\n')
    assert (first.record, third.record) == ({"id": 1}, {"id": 3})
    assert (second.line, second.record) == (2, None)
    assert second.wrong.startswith(wrong)
    assert third.line == 3


def test_a_byte_order_mark_and_empty_lines_are_no_records() -> None:
    assert [piece.record for piece in lines(b'\xef\xbb\xbf{"id": 1}\r\n\r\n \n{"id": 2}')] == [
        {"id": 1},
        {"id": 2},
    ]


def test_an_empty_file_has_no_records() -> None:
    assert lines(b"") == []
    with pytest.raises(Broken, match="no list of incidents"):
        list(elements(b""))
    with pytest.raises(Broken, match="no line with the names"):
        rows(b"")


class Endless(io.RawIOBase):
    """A line of many megabytes that is nowhere held."""

    def __init__(self, size: int) -> None:
        self.left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = min(len(buffer), self.left)
        buffer[:size] = b"x" * size
        self.left -= size
        return size


def test_a_line_without_an_end_is_read_past_and_not_held() -> None:
    tracemalloc.start()
    try:
        (piece,) = json_lines(io.BufferedReader(Endless(64_000_000)), nothing)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "longer than" in piece.wrong
    assert peak < 3 * RECORD_MAX


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(max_examples=60, deadline=None)
@given(
    incidents=st.lists(st.dictionaries(st.text(max_size=4), json_values, max_size=4), max_size=4),
    beside=st.dictionaries(
        st.text(max_size=4).filter(lambda key: key != "incidents"), json_values, max_size=3
    ),
    indent=st.sampled_from([None, 0, 2]),
    size=st.integers(1, 7),
    bare=st.booleans(),
)
def test_a_document_is_read_however_it_is_cut_into_pieces(
    incidents: list[dict[str, Any]], beside: dict[str, Any], indent: int | None, size: int, *, bare: bool
) -> None:
    text = json.dumps(
        incidents if bare else {**beside, "incidents": incidents}, indent=indent, ensure_ascii=False
    )
    raw = text.encode(errors="surrogatepass")

    class Trickle(io.BytesIO):
        def read(self, most: int | None = -1, /) -> bytes:
            return super().read(size)

    said: dict[str, Any] = {}
    if "\\ud" in json.dumps(text):
        return
    found = [piece.record for piece in document(Trickle(raw), nothing, said)]
    assert found == incidents
    assert said == ({} if bare else beside)


@pytest.mark.parametrize(
    ("raw", "line", "why"),
    [
        (b'{"page": {},\n"incidents": [{"id": 1},\n{"id": ', 3, "the file ends in the middle of a value"),
        (b'{"incidents": [{"id": 1}', 1, "the file ends in the middle of the list"),
        (b'{"incidents": [{"id": 1}\n;', 2, "';' stands where a comma or ] should"),
        (b'{"incidents": [{"id": 1},\n\n{"id": tru}]}', 3, "is not JSON"),
        (b'{"incidents": ' + b"[" * 1_000_000, 1, "is nested too deeply"),
        (b'[{"id": 1},\n{"id": "\xff"}]', 2, "is not UTF-8 at byte 21 of the file"),
        (b'{"page": 1}', 1, "there is no list of incidents"),
        (b'{"page" 1}', 1, "a colon should follow the key 'page'"),
        (b"\x1f\x8b\x08", 1, "is not UTF-8 at byte 2 of the file"),
    ],
)
def test_a_broken_document_says_on_which_line(raw: bytes, line: int, why: str) -> None:
    with pytest.raises(Broken) as broken:
        list(elements(raw))
    assert broken.value.line == line
    assert broken.value.why.startswith(why)


def test_what_stands_before_the_break_is_read() -> None:
    reading = elements(b'{"incidents": [{"id": 1},\n{"id": 2}, {"id"')
    assert [next(reading).record, next(reading).record] == [{"id": 1}, {"id": 2}]
    with pytest.raises(Broken):
        next(reading)


def test_a_table_with_a_byte_order_mark_and_semicolons() -> None:
    found = rows('\ufeffid;title;note\r\n1;"a; b";"two\r\nlines"\r\n\r\n2;c;\r\n'.encode())
    assert [piece.record for piece in found] == [
        {"id": "1", "title": "a; b", "note": "two\r\nlines"},
        {"id": "2", "title": "c", "note": ""},
    ]
    assert [piece.line for piece in found] == [2, 5]


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        (b"1,a,b,c", "has 4 fields, the first line 2"),
        (b"1,\xff", "is not UTF-8 at byte 3 of the line"),
        (b'1,"a"b', "is not CSV"),
        (b"1," + b"x" * 200_000, "is not CSV: field larger than field limit"),
    ],
)
def test_a_broken_row_is_told_of_and_the_next_one_read(row: bytes, wrong: str) -> None:
    first, second, third = rows(b"id,title\n0,x\n" + row + b"\n2,y\n")
    assert (first.record, third.record) == ({"id": "0", "title": "x"}, {"id": "2", "title": "y"})
    assert (second.line, second.record) == (3, None)
    assert second.wrong.startswith(wrong)


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(Broken, match="same name"):
        rows(b"id,id\n1,2\n")
