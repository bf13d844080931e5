"""Labelled records from CSV: `rec_id` says who somebody is, as the FEBRL sets write it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path

from app.adapters.normal_forms import id_key, key_of, particulars
from app.core.errors import Invalid
from app.core.labelled import Record
from app.core.particulars import MAIL, PHONE

# rec-7-org and rec-7-dup-2 are one person.
_REC_ID = re.compile(r"rec-(\d+)-(?:org|dup-\d+)\Z")
_MOST_BYTES = 200_000_000  # read into memory; ours are 1 MB


def read(paths: Iterable[Path], with_ids: bool = False) -> list[Record]:
    """All records of these files. Raises Invalid with file and line, and OSError.

    `with_ids` takes `soc_sec_id` for an id that its issuer attests.
    """
    found: list[Record] = []
    for path in paths:
        if path.stat().st_size > _MOST_BYTES:
            raise Invalid("too_large", f"at most {_MOST_BYTES} bytes", field=path.name)
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, skipinitialspace=True)
            for row in rows:
                found.append(_record(row, f"{path.name}:{rows.line_num}", with_ids))
    return found


def _record(row: dict[str, str | None], where: str, with_ids: bool) -> Record:
    given = {(name or "").strip(): (value or "").strip() for name, value in row.items() if name}
    named = _REC_ID.match(given.get("rec_id", ""))
    if named is None:
        expected = "rec-NUMBER-org or rec-NUMBER-dup-NUMBER"
        raise Invalid("wrong_field", expected, given.get("rec_id") or "nothing", f"{where} rec_id")
    known = particulars(
        {
            "name": f"{given.get('given_name', '')} {given.get('surname', '')}",
            "born": given.get("date_of_birth", ""),
            "house": given.get("street_number", ""),
            "street": f"{given.get('address_1', '')} {given.get('address_2', '')}",
            "postcode": given.get("postcode", ""),
            "place": given.get("suburb", ""),
        },
        strong=[id_key("soc-sec", given.get("soc_sec_id", ""))] if with_ids else (),
        claimed=[key_of(MAIL, given.get("mail", "")), key_of(PHONE, given.get("phone", ""))],
    )
    return named[1], known
