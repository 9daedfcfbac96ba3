"""Why Retail Mesh refused a call."""

import dataclasses

import grpc
from google.rpc import error_details_pb2, status_pb2

_STATUS_KEY = "grpc-status-details-bin"


@dataclasses.dataclass(frozen=True)
class Violation:
    """One field that breaks one of its rules."""

    field: str
    """The path from the request, such as `order.lines[0].quantity`."""
    rule: str
    """The id of the rule, such as `int64.gte`."""
    description: str
    """The rule for people."""


@dataclasses.dataclass(frozen=True)
class Refusal:
    """What a service says when it refuses. Decide by `reason`; `message` is for people."""

    reason: str
    """A word of the contract, such as OUT_OF_STOCK."""
    domain: str
    """The context that the reason belongs to, such as `retail.order`."""
    message: str
    """The same for people, in English."""
    metadata: dict[str, str]
    """The variables of the message."""
    violations: list[Violation]
    """The fields at fault when the reason is VALIDATION_FAILED."""


def of(error: grpc.RpcError) -> Refusal | None:
    """Returns the refusal that a failed call carries.

    None means that no service has explained the failure, as when the connection broke.
    The gRPC code is `error.code()`.
    """
    for key, value in error.trailing_metadata() or ():
        if key == _STATUS_KEY:
            return of_status(status_pb2.Status.FromString(value))
    return None


def of_status(status: status_pb2.Status) -> Refusal | None:
    """Returns the refusal that a status carries, for those who get one without a call."""
    info = error_details_pb2.ErrorInfo()
    if not any(detail.Unpack(info) for detail in status.details):
        return None
    metadata = dict(info.metadata)
    return Refusal(info.reason, info.domain, status.message, metadata, _violations(status))


def _violations(status: status_pb2.Status) -> list[Violation]:
    request = error_details_pb2.BadRequest()
    if not any(detail.Unpack(request) for detail in status.details):
        return []
    return [Violation(it.field, it.reason, it.description) for it in request.field_violations]
