"""The page of imports: a file, what its columns become, a try, the import, and what was refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.house import House, wait_for
from tests.browser.payloads import PAYLOADS
from tests.browser.screens import Screens, at
from tests.browser.test_looks import fits, violations

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


def people(folder: Path) -> Path:
    """Two good rows, a bad one, and text that means harm in names of columns and cells."""
    path = folder / "people.csv"
    rows = [
        f'Kunden-Nr;Name;E-Mail;Stufe;"{PAYLOADS[0].replace(chr(34), chr(34) * 2)}"',
        "I1;Ines Import;ines@import.test;gold;x",
        f'I2;"{PAYLOADS[1].replace(chr(34), chr(34) * 2)}";;silver;=1+1',
        ";Nobody;;gold;",
    ]
    path.write_text("\n".join(rows) + "\n", "utf-8")
    return path


def test_a_file_is_looked_at_tried_and_imported(
    house: House, screens: Screens, tmp_path: Path
) -> None:
    """A2.7, A2.1: and the next mention knows who it is."""
    page = screens.enter("sofia", "/imports")
    at(page, "import-file").set_input_files(people(tmp_path))
    expect(at(page, "import-column")).to_have_count(5)
    expect(at(page, "column-2")).to_have_value("handle.email")
    at(page, "column-3").select_option("tier")
    at(page, "import-keep").fill("Shop")
    assert violations(page) == []
    at(page, "import-try").click()
    expect(at(page, "import-state")).to_have_text("Dry run: done")
    expect(at(page, "count-new")).to_have_text("2")
    expect(at(page, "count-rejected")).to_have_text("1")
    at(page, "import-start").click()
    expect(at(page, "import-state")).to_have_text("Import: done")
    expect(at(page, "import-start")).to_have_count(0)
    with page.expect_download() as got:
        at(page, "import-rejects").click()
    assert "no_key" in Path(got.value.path()).read_text("utf-8")

    def known() -> bool:
        handle = {"handle": "INES@import.test", "name": "I"}
        mention = house.mention("My parcel is broken, I am very disappointed", author=handle)
        card = wait_for(lambda: house.task_of(mention), "no task")
        return (card["profile"]["customer_id"], card["profile"]["tier"]) == ("I1", "gold")

    wait_for(known, "the next mention does not know the customer")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_phone_shows_imports_without_barriers(
    house: House, screens: Screens, tmp_path: Path, theme: str
) -> None:
    page = screens.enter("ada", "/imports", theme=theme, phone=True)
    at(page, "import-file").set_input_files(people(tmp_path))
    expect(at(page, "import-column").first).to_be_visible()
    fits(page)
    assert violations(page) == []


def test_what_cannot_be_read_is_told(house: House, screens: Screens, tmp_path: Path) -> None:
    screens.allow("status of 422")
    path = tmp_path / "empty.csv"
    path.write_text("")
    page = screens.enter("sofia", "/imports")
    at(page, "import-file").set_input_files(path)
    expect(at(page, "import-problem")).to_contain_text("an empty file")


def test_an_analyst_looks_on_and_agents_have_no_such_page(house: House, screens: Screens) -> None:
    page = screens.enter("anton", "/imports")
    expect(page.get_by_role("heading", name="Imports")).to_be_visible()
    expect(at(page, "import-file")).to_have_count(0)
    screens.allow("status of 403")
    answer = screens.enter("amira", "/desk").goto("/imports")
    assert answer is not None
    assert answer.status == 403
