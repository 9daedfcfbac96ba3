package io.github.retailmesh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.Duration;
import com.google.protobuf.FieldMask;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.Status;
import io.github.retailmesh.retail.common.v1.Actor;
import io.github.retailmesh.retail.common.v1.EventMetadata;
import io.github.retailmesh.retail.common.v1.Money;
import io.github.retailmesh.retail.common.v1.Period;
import io.github.retailmesh.retail.common.v1.PostalAddress;
import io.github.retailmesh.retail.common.v1.Sealed;
import io.grpc.protobuf.StatusProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Holds this package against ../vectors.json, as the clients in all languages are. */
class VectorsTest {
  private static final JsonObject VECTORS = load();

  private static final Map<String, Message> KINDS =
      Stream.of(
              Actor.getDefaultInstance(),
              Duration.getDefaultInstance(),
              EventMetadata.getDefaultInstance(),
              FieldMask.getDefaultInstance(),
              Money.getDefaultInstance(),
              Period.getDefaultInstance(),
              PostalAddress.getDefaultInstance(),
              Sealed.getDefaultInstance(),
              Timestamp.getDefaultInstance())
          .collect(Collectors.toMap(VectorsTest::nameOf, Function.identity()));

  @TestFactory
  Stream<DynamicTest> messagesKeepTheirBytesAndTheirJson() {
    return Stream.of("money", "timestamps", "messages")
        .flatMap(section -> vectors(VECTORS, section))
        .map(vector -> DynamicTest.dynamicTest(text(vector, "name"), () -> checkMessage(vector)));
  }

  private static void checkMessage(JsonObject vector) throws InvalidProtocolBufferException {
    Message decoded = decode(vector, "hex");
    assertEquals(vector.get("json"), json(decoded));
    assertEquals(text(vector, "hex"), hex(decoded));
    assertEquals(text(vector, "hex"), hex(parse(vector, vector.get("json"))));
    for (JsonElement accepted : list(vector, "accepts")) {
      assertEquals(text(vector, "hex"), hex(parse(vector, accepted)), accepted::toString);
    }
    for (JsonElement rejected : list(vector, "rejects")) {
      assertThrows(
          InvalidProtocolBufferException.class, () -> parse(vector, rejected), rejected::toString);
    }
    if (vector.has("newerHex")) {
      assertEquals(vector.get("json"), json(decode(vector, "newerHex")));
    }
  }

  @Test
  void moneyHasItsFields() throws InvalidProtocolBufferException {
    for (JsonObject vector : vectors(VECTORS, "money").toList()) {
      Money money = (Money) decode(vector, "hex");
      JsonObject fields = vector.getAsJsonObject("fields");
      assertEquals(text(fields, "currency"), money.getCurrencyCode());
      assertEquals(fields.get("units").getAsLong(), money.getUnits());
      assertEquals(fields.get("nanos").getAsInt(), money.getNanos());
    }
  }

  @Test
  void timestampsHaveTheirFields() throws InvalidProtocolBufferException {
    for (JsonObject vector : vectors(VECTORS, "timestamps").toList()) {
      Timestamp stamp = (Timestamp) decode(vector, "hex");
      JsonObject fields = vector.getAsJsonObject("fields");
      assertEquals(fields.get("seconds").getAsLong(), stamp.getSeconds());
      assertEquals(fields.get("nanos").getAsInt(), stamp.getNanos());
    }
  }

  @Test
  void idsAreReadAndWritten() {
    for (JsonObject vector : vectors(VECTORS.getAsJsonObject("ids"), "valid").toList()) {
      UUID uuid = UUID.fromString(text(vector, "uuid"));
      assertEquals(uuid, Ids.parse(text(vector, "prefix"), text(vector, "text")));
      assertEquals(text(vector, "text"), Ids.format(text(vector, "prefix"), uuid));
    }
  }

  @Test
  void whatIsNoIdIsRefusedWithItsProblem() {
    for (JsonObject vector : vectors(VECTORS.getAsJsonObject("ids"), "invalid").toList()) {
      IdException refused =
          assertThrows(
              IdException.class,
              () -> Ids.parse(text(vector, "prefix"), text(vector, "text")),
              text(vector, "name"));
      assertEquals(text(vector, "problem"), refused.problem().name(), text(vector, "name"));
    }
  }

  @Test
  void refusalsAreReadFromStatuses() throws InvalidProtocolBufferException {
    for (JsonObject vector : vectors(VECTORS, "statuses").toList()) {
      Status status = Status.parseFrom(HexFormat.of().parseHex(text(vector, "hex")));
      assertEquals(vector.get("code").getAsInt(), status.getCode());
      assertEquals(text(vector, "message"), status.getMessage());
      Optional<Refusal> found = Refusal.of(StatusProto.toStatusRuntimeException(status));
      assertEquals(expectedRefusal(vector), found, text(vector, "name"));
    }
  }

  private static Optional<Refusal> expectedRefusal(JsonObject vector) {
    if (vector.get("refusal").isJsonNull()) {
      return Optional.empty();
    }
    JsonObject refusal = vector.getAsJsonObject("refusal");
    Map<String, String> metadata = new HashMap<>();
    for (Map.Entry<String, JsonElement> it : refusal.getAsJsonObject("metadata").entrySet()) {
      metadata.put(it.getKey(), it.getValue().getAsString());
    }
    List<Refusal.Violation> violations =
        vectors(refusal, "violations")
            .map(
                it ->
                    new Refusal.Violation(
                        text(it, "field"), text(it, "rule"), text(it, "description")))
            .toList();
    return Optional.of(
        new Refusal(
            text(refusal, "reason"),
            text(refusal, "domain"),
            text(vector, "message"),
            metadata,
            violations));
  }

  private static JsonObject load() {
    try {
      return JsonParser.parseString(Files.readString(Path.of("../vectors.json"))).getAsJsonObject();
    } catch (IOException missing) {
      throw new IllegalStateException("run the tests from gen/java", missing);
    }
  }

  private static String nameOf(Message message) {
    return message.getDescriptorForType().getFullName();
  }

  private static Message decode(JsonObject vector, String key)
      throws InvalidProtocolBufferException {
    byte[] bytes = HexFormat.of().parseHex(text(vector, key));
    return KINDS.get(text(vector, "type")).getParserForType().parseFrom(bytes);
  }

  private static Message parse(JsonObject vector, JsonElement json)
      throws InvalidProtocolBufferException {
    Message.Builder builder = KINDS.get(text(vector, "type")).newBuilderForType();
    JsonFormat.parser().merge(json.toString(), builder);
    return builder.build();
  }

  private static JsonElement json(Message message) throws InvalidProtocolBufferException {
    return JsonParser.parseString(JsonFormat.printer().print(message));
  }

  private static String hex(Message message) {
    return HexFormat.of().formatHex(message.toByteArray());
  }

  private static Stream<JsonObject> vectors(JsonObject owner, String key) {
    return StreamSupport.stream(list(owner, key).spliterator(), false)
        .map(JsonElement::getAsJsonObject);
  }

  private static JsonArray list(JsonObject owner, String key) {
    return owner.has(key) ? owner.getAsJsonArray(key) : new JsonArray();
  }

  private static String text(JsonObject owner, String key) {
    return owner.get(key).getAsString();
  }
}
