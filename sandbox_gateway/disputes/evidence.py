"""The merchant's answer to a dispute: texts by field, files by name, and how far they are what the issuer wants."""

from typing import Annotated, Literal, cast

from pydantic import Field
from typing_extensions import TypedDict

from sandbox_gateway.disputes.reasons import EVIDENCE, DisputeReason, EvidenceField
from sandbox_gateway.fields import Body, text_field
from sandbox_gateway.problems import invalid

# All of it goes along in each event of the dispute, which should stay below 20 kB.
MOST_CHARACTERS = 12_000
_MOST_IN_FIELD = 4_000

MOST_FILES = 10
_MOST_BYTES = 5 * 1024 * 1024

EvidenceText = Annotated[str, text_field(_MOST_IN_FIELD, least=1)]


class EvidenceFileGiven(Body):
    """A file of the answer: what it shows and what it is. Its content stays with the merchant."""

    field: Annotated[EvidenceField, Field(description="The evidence that it shows; it counts as given.")]
    name: Annotated[str, text_field(100, least=1)]
    content_type: Literal["image/png", "image/jpeg", "application/pdf", "text/plain"]
    size: Annotated[int, Field(ge=1, le=_MOST_BYTES, description="In bytes.")]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="Of the content, in hex.")]


class EvidenceGiven(Body):
    """What is to change; fields that are left out stay."""

    fields: Annotated[
        dict[EvidenceField, EvidenceText | None],
        Field(
            min_length=1,
            description=f"Texts by field, at most {MOST_CHARACTERS} characters together; null takes a field back.",
            examples=[{"shipping_tracking_number": "1Z999AA10123456784", "shipping_date": "2026-11-20"}],
        ),
    ]
    files: Annotated[
        list[EvidenceFileGiven] | None,
        Field(
            max_length=MOST_FILES,
            description="All files that belong to the answer. Left out they stay; an empty list takes them back.",
        ),
    ] = None


class EvidenceFileBody(TypedDict):
    """A file of the answer, as it was given."""

    field: EvidenceField
    name: str
    content_type: str
    size: int
    sha256: str


class EvidenceBody(TypedDict):
    """`required` and `helpful` follow from the reason; any other field may be given too."""

    fields: dict[EvidenceField, str]
    files: list[EvidenceFileBody]
    required: list[EvidenceField]
    helpful: list[EvidenceField]
    missing: Annotated[list[EvidenceField], Field(description="Required, and neither given nor shown by a file.")]
    is_complete: Annotated[bool, Field(description="Whether all that is required was given.")]


def changed(fields: dict[EvidenceField, str], given: EvidenceGiven) -> dict[EvidenceField, str]:
    """The evidence with what was given now, in the order of the fields' names. Problem: `validation_failed`."""
    merged = fields | given.fields
    kept = {name: text for name, text in sorted(merged.items()) if text is not None}
    length = sum(map(len, kept.values()))
    if length > MOST_CHARACTERS:
        raise invalid("/fields", f"would make {length} characters of evidence; at most {MOST_CHARACTERS} are taken")
    return kept


def changed_files(files: list[EvidenceFileBody], given: EvidenceGiven) -> list[EvidenceFileBody]:
    """The files with what was given now."""
    if given.files is None:
        return files
    return [cast(EvidenceFileBody, file.model_dump()) for file in given.files]


def missing(
    reason: DisputeReason, fields: dict[EvidenceField, str], files: list[EvidenceFileBody]
) -> list[EvidenceField]:
    shown = {file["field"] for file in files}
    return [name for name in EVIDENCE[reason].required if name not in fields and name not in shown]


def show(reason: DisputeReason, fields: dict[EvidenceField, str], files: list[EvidenceFileBody]) -> EvidenceBody:
    wanted = EVIDENCE[reason]
    lacking = missing(reason, fields, files)
    return {
        "fields": fields,
        "files": files,
        "required": list(wanted.required),
        "helpful": list(wanted.helpful),
        "missing": lacking,
        "is_complete": not lacking,
    }
