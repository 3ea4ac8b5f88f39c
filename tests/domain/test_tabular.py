"""Files of rows come apart as they were put together, or are refused with their line."""

from __future__ import annotations

import contextlib
import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.columns import MapMistake, parse_map
from domain.errors import UserMistake
from domain.figures import parse_count, parse_percent
from domain.handles import handle_key, read_handle
from domain.places import country_code, language_code, usual_zone
from domain.posts import parse_moment, read_posts
from domain.roster import read_roster
from domain.tabular import Quarantined, UnreadableFile, quarantine_csv, read_table

TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠")

cells = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), max_codepoint=0x2FFF), max_size=20
).map(str.strip)


@given(
    rows=st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=6),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_any_spreadsheet_dialect_gives_the_same_cells(
    rows: list[list[str]], delimiter: str, encoding: str, newline: str
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=newline)
    writer.writerow(["handle", "followers", "name"])
    writer.writerows(rows)
    table = read_table(out.getvalue().encode(encoding))
    written = [row for row in rows if any(row)]
    protected = [
        [cell[1:] if cell[:1] == "'" and cell[1:2] in TRIGGERS else cell for cell in row]
        for row in written
    ]
    assert [[c.strip() for c in row.cells.values()] for row in table.rows] == [
        [c.strip() for c in row] for row in protected
    ]


@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_in_our_own_words(data: bytes) -> None:
    with contextlib.suppress(UserMistake):  # anything else fails the test
        table = read_table(data)
        read_roster(table, {})
        read_posts(table, {})


@given(rows=st.lists(st.lists(st.text(max_size=15), min_size=2, max_size=2), max_size=5))
def test_no_cell_of_a_quarantine_file_is_a_formula(rows: list[list[str]]) -> None:
    table = read_table(b"handle,followers\n")
    data = quarantine_csv(table, [Quarantined(2, "why", tuple(row)) for row in rows])
    for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")):
        assert not any(cell.startswith(TRIGGERS) for cell in row)


@given(
    st.lists(
        st.fixed_dictionaries({"handle": cells, "followers": st.integers(0, 10**9)}),
        min_size=1,
        max_size=5,
    )
)
def test_json_lines_give_the_same_cells(objects: list[dict[str, object]]) -> None:
    text = "\n".join(json.dumps(entry) for entry in objects)
    table = read_table(text.encode())
    assert table.form == "JSON lines"
    assert [row.cells["followers"] for row in table.rows] == [str(o["followers"]) for o in objects]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"PK\x03\x04rest", "Excel"),
        (b'[{"handle": "a"}]', "JSON list"),
        (b'handle,name\na,"b\nc,d\n', "line 2"),
        (b'handle,name\na,"b"c\n', "line 2"),
        (b"Handle,handle\na,b\n", "two columns"),
        (b"handle,name\na," + b"x" * 200_000 + b"\n", "line 2"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_with_its_line(data: bytes, said: str) -> None:
    with pytest.raises(UnreadableFile, match=said):
        read_table(data)


def test_latin_1_is_read_and_said() -> None:
    table = read_table("handle,name\nlena,Jörg Müller\n".encode("latin-1"))
    assert table.rows[0].cells["name"] == "Jörg Müller"
    assert "Windows-1252" in table.notes[0]


def test_utf_16_is_read_without_its_mark() -> None:
    assert read_table("handle,name\nlena,x\n".encode("utf-16-le")).rows[0].cells["handle"] == "lena"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12345", 12345), ("12,345", 12345), ("12.345", 12345), ("12 345", 12345),
        ("1'234'567", 1_234_567), ("1.2K", 1200), ("1,2k", 1200), ("477.9M", 477_900_000),
        ("3 Mio.", 3_000_000), ("12.0", 12), ("10K+", 10_000), ("1,234.0", 1234), ("0", 0),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(text: str, number: int) -> None:
    assert parse_count(text) == number


@pytest.mark.parametrize(
    "text", ["-5", "1e400", "nan", "1_000", "１２", "True", "12.5", "1.2X", "9" * 30, "1,23,456"]
)
def test_what_is_not_a_number_is_not_guessed(text: str) -> None:
    with pytest.raises(ValueError, match="is "):
        parse_count(text)


def test_rates_keep_their_percent_sign() -> None:
    assert [(str(n), s) for n, s in map(parse_percent, ["3,5 %", "2.5%", "0.025"])] == [
        ("3.5", True),
        ("2.5", True),
        ("0.025", False),
    ]


@pytest.mark.parametrize(
    ("header", "values", "ppm"),
    [
        ("ER", ["2.5", "0.9", "3.1"], [25_000, 9_000, 31_000]),
        ("ER", ["0.025", "0.009", "0.31"], [25_000, 9_000, 310_000]),
        ("engagement rate", ["2,5 %", "0.9 %", ""], [25_000, 9_000, None]),
        ("Engagement average", ["250", "1.1K", "900"], [25_000, 110_000, 90_000]),
    ],
)
def test_engagement_is_understood_from_its_whole_column(
    header: str, values: list[str], ppm: list[int | None]
) -> None:
    lines = [f'instagram,a{i},10000,"{value}"' for i, value in enumerate(values)]
    text = "\n".join([f"platform,handle,followers,{header}", *lines])
    read = read_roster(read_table(text.encode()), {})
    assert [record.engagement_ppm for record in read.records] == ppm


def test_a_control_character_sends_a_row_to_the_quarantine() -> None:
    table = read_table("platform,handle,followers,name\ntiktok,a,1,x\u202ey\n".encode())
    assert "control character (U+202E)" in read_roster(table, {}).quarantined[0].reason


def test_handles_come_from_names_and_addresses() -> None:
    assert read_handle("@Lena.K") == ("Lena.K", None)
    assert read_handle("https://www.tiktok.com/@lena?x=1") == ("lena", "tiktok")
    assert read_handle("instagram.com/lena/") == ("lena", "instagram")
    assert handle_key("@LENA") == "lena"
    for bad in ("", "two words", "https://evil.example/lena", "=1+1", "a" * 61):
        with pytest.raises(ValueError, match="not an account name"):
            read_handle(bad)


def test_countries_and_languages_have_many_names() -> None:
    names = ["United States", "uk", "de", "Deutschland", "🇫🇷", "South Korea", "Iran", "Nowhere"]
    assert [country_code(name) for name in names] == [
        "US", "GB", "DE", "DE", "FR", "KR", "IR", None,
    ]  # fmt: skip
    assert [language_code(name) for name in ("German", "en-GB", "fr", "elvish!")] == [
        "de", "en", "fr", None,
    ]  # fmt: skip
    assert (usual_zone("DE"), usual_zone("US")) == ("Europe/Berlin", "")


def test_times_without_a_zone_are_utc() -> None:
    for text in ("2026-12-24 18:30", "24.12.2026 18:30", "2026-12-24T19:30:00+01:00"):
        moment = parse_moment(text)
        assert moment is not None
        assert moment.isoformat() == "2026-12-24T18:30:00+00:00"
    assert parse_moment("-") is None


def test_a_map_has_columns_constants_and_patterns() -> None:
    table = read_table(b'S.no,"Name, full",Fans\n7,Lena,1.2K\n')
    mapping = parse_map(
        ['handle=ig-{s.no},platform==instagram,name="Name, full"', "followers=Fans,email="]
    )
    record = read_roster(table, mapping).records[0]
    assert (record.handle, record.platform, record.name, record.followers) == (
        "ig-7",
        "instagram",
        "Lena",
        1200,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("handel=Fans", "'handel' is not a field"),
        ("handle=Fan", "no column 'Fan'"),
        ("handle", "'handle' is not a mapping"),
        ("handle=a,handle=b", "mapped twice"),
        ('handle="a', "double quote"),
    ],
)
def test_a_wrong_map_is_refused_with_what_would_be_right(text: str, said: str) -> None:
    table = read_table(b"Name,Fans\nx,1\n")
    with pytest.raises(MapMistake, match=said) as caught:
        read_roster(table, parse_map(text))
    assert caught.value.hint
