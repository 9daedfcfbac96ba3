package io.github.retailmesh;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import io.grpc.protobuf.StatusProto;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a service says when it refuses. Decide by the reason; the message is for people.
 *
 * @param reason a word of the contract, such as OUT_OF_STOCK
 * @param domain the context that the reason belongs to, such as retail.order
 * @param message the same for people, in English
 * @param metadata the variables of the message
 * @param violations the fields at fault when the reason is VALIDATION_FAILED
 */
public record Refusal(
    String reason,
    String domain,
    String message,
    Map<String, String> metadata,
    List<Violation> violations) {

  /**
   * One field that breaks one of its rules.
   *
   * @param field the path from the request, such as order.lines[0].quantity
   * @param rule the id of the rule, such as int64.gte
   * @param description the rule for people
   */
  public record Violation(String field, String rule, String description) {}

  /**
   * Returns the refusal that a failed call carries. It is empty when no service has explained the
   * failure, as when the connection broke. The gRPC code is {@code
   * io.grpc.Status.fromThrowable(error).getCode()}.
   */
  public static Optional<Refusal> of(Throwable error) {
    return Optional.ofNullable(StatusProto.fromThrowable(error)).flatMap(Refusal::ofStatus);
  }

  private static Optional<Refusal> ofStatus(Status status) {
    Optional<ErrorInfo> info = detail(status, ErrorInfo.class);
    return info.map(
        it ->
            new Refusal(
                it.getReason(),
                it.getDomain(),
                status.getMessage(),
                it.getMetadataMap(),
                violations(status)));
  }

  private static List<Violation> violations(Status status) {
    return detail(status, BadRequest.class)
        .map(BadRequest::getFieldViolationsList)
        .orElse(List.of())
        .stream()
        .map(it -> new Violation(it.getField(), it.getReason(), it.getDescription()))
        .toList();
  }

  /** The first detail of a kind; one that cannot be read counts as absent. */
  private static <T extends Message> Optional<T> detail(Status status, Class<T> kind) {
    for (Any detail : status.getDetailsList()) {
      if (detail.is(kind)) {
        try {
          return Optional.of(detail.unpack(kind));
        } catch (InvalidProtocolBufferException unreadable) {
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }
}
