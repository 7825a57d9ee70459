"""Records and errors as pypsrp gives them become plain ones, and long calls do not grow."""

from __future__ import annotations

from types import SimpleNamespace

from pypsrp.complex_objects import GenericComplexObject
from pypsrp.messages import ErrorRecordMessage, InformationRecord, ProgressRecord, WarningRecord
from pypsrp.powershell import PSDataStreams

from workers.psrp.streams import CATEGORIES, Stream, category_name, drain, error_of


def test_draining_forgets_what_it_gave() -> None:
    """Each record is given once; errors stay for the end of the call."""
    streams = PSDataStreams()
    warning = WarningRecord(message="careful")
    warning.message = "careful"
    streams.warning.append(warning)
    streams.progress.append(ProgressRecord(activity="A", description="half", percent_complete=50))
    streams.progress.append(ProgressRecord(activity="A", description="?", percent_complete=-1))
    streams.information.append(InformationRecord(message_data="by the way"))
    streams.error.append(ErrorRecordMessage())
    powershell = SimpleNamespace(streams=streams)

    first, second = drain(powershell), drain(powershell)

    found = [(item.stream, item.message, item.percent) for item in first]
    assert [
        (Stream.PROGRESS, "half", 50),
        (Stream.PROGRESS, "?", None),
        (Stream.WARNING, "careful", None),
        (Stream.INFORMATION, "by the way", None),
    ] == found
    assert [] == second
    assert 1 == len(streams.error)


def test_an_error_record_keeps_its_facts() -> None:
    """Id, category by name, HRESULT, target and type come from the record; the text is only text."""
    exception = GenericComplexObject()
    exception.types = ["Deserialized.System.IO.IOException", "System.Object"]
    exception.adapted_properties = {"Message": "im Deutschen anders", "HResult": -2147024864}
    record = ErrorRecordMessage()
    record.exception, record.fq_error, record.category = exception, "IOError,Remove-Item", 19
    record.target_object = "disk.vhdx"

    error = error_of(record)

    assert ("IOError,Remove-Item", "ResourceBusy", -2147024864) == (error.error_id, error.category, error.hresult)
    assert ("disk.vhdx", "System.IO.IOException", True) == (error.target, error.type_name, error.retryable)
    assert error.is_id("IOError")


def test_what_cannot_be_read_of_a_record_is_left_out() -> None:
    """Every exception of .NET has Data, a table that pypsrp cannot read: the facts beside it are told all the same."""
    table = GenericComplexObject()
    table.property_sets = ["<DCT />"]
    exception = GenericComplexObject()
    exception.adapted_properties = {"Data": table, "Message": "gone", "HResult": 5}
    record = ErrorRecordMessage()
    record.exception, record.target_object = exception, table

    error = error_of(record)

    assert ("gone", 5, "") == (error.message, error.hresult, error.target)


def test_a_record_without_anything_is_still_an_error() -> None:
    """Missing parts stay empty: nothing raises here."""
    error = error_of(SimpleNamespace())

    assert ("", "NotSpecified", 0) == (error.error_id, error.category, error.hresult)


def test_categories_are_numbered_as_in_dotnet() -> None:
    """System.Management.Automation.ErrorCategory has 32 values; three known ones pin the order."""
    assert (32, "ObjectNotFound", "PermissionDenied", "AuthenticationError") == (
        len(CATEGORIES),
        category_name(13),
        category_name(18),
        category_name(28),
    )
    assert "NotSpecified" == category_name(99)
