package retailmesh_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/status"
	grpcstatus "google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	_ "google.golang.org/protobuf/types/known/durationpb"
	_ "google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/retail-mesh/retail-mesh/gen/go/ids"
	"github.com/retail-mesh/retail-mesh/gen/go/refusals"
	commonv1 "github.com/retail-mesh/retail-mesh/gen/go/retail/common/v1"
)

// vectors is ../vectors.json, which the clients in every language are checked with.
type vectors struct {
	Money, Timestamps, Messages []message
	IDs                         struct {
		Valid   []struct{ Prefix, Text, UUID string }
		Invalid []struct{ Name, Prefix, Text, Problem string }
	}
	Statuses []struct {
		Name, Hex, Message string
		Code               int32
		Refusal            *refusals.Refusal
	}
}

type message struct {
	Name, Type, Hex, NewerHex string
	JSON                      json.RawMessage
	Accepts, Rejects          []json.RawMessage
	Fields                    struct {
		Currency, Units, Seconds string
		Nanos                    int32
	}
}

func load(t *testing.T) vectors {
	t.Helper()
	text, err := os.ReadFile("../vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all vectors
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestMessagesKeepTheirBytesAndTheirJSON(t *testing.T) {
	all := load(t)
	for _, vector := range slices.Concat(all.Money, all.Timestamps, all.Messages) {
		t.Run(vector.Name, func(t *testing.T) {
			decoded := decode(t, vector.Type, fromHex(t, vector.Hex))
			expectJSON(t, vector, decoded)
			expectBytes(t, vector, decoded)
			for _, accepted := range slices.Concat([]json.RawMessage{vector.JSON}, vector.Accepts) {
				parsed := empty(t, vector.Type)
				if err := protojson.Unmarshal(accepted, parsed); err != nil {
					t.Fatalf("%s: %v", accepted, err)
				}
				expectBytes(t, vector, parsed)
			}
			for _, rejected := range vector.Rejects {
				if protojson.Unmarshal(rejected, empty(t, vector.Type)) == nil {
					t.Errorf("%s is accepted", rejected)
				}
			}
			if vector.NewerHex != "" {
				expectJSON(t, vector, decode(t, vector.Type, fromHex(t, vector.NewerHex)))
			}
		})
	}
}

func TestMoneyHasItsFields(t *testing.T) {
	for _, vector := range load(t).Money {
		money := decode(t, vector.Type, fromHex(t, vector.Hex)).(*commonv1.Money)
		units := strconv.FormatInt(money.GetUnits(), 10)
		want := vector.Fields
		if money.GetCurrencyCode() != want.Currency || units != want.Units ||
			money.GetNanos() != want.Nanos {
			t.Errorf("%s: %v", vector.Name, money)
		}
	}
}

func TestTimestampsHaveTheirFields(t *testing.T) {
	for _, vector := range load(t).Timestamps {
		stamp := decode(t, vector.Type, fromHex(t, vector.Hex)).(*timestamppb.Timestamp)
		seconds := strconv.FormatInt(stamp.GetSeconds(), 10)
		if seconds != vector.Fields.Seconds || stamp.GetNanos() != vector.Fields.Nanos {
			t.Errorf("%s: %v", vector.Name, stamp)
		}
	}
}

func TestIDsAreReadAndWritten(t *testing.T) {
	for _, vector := range load(t).IDs.Valid {
		uuid, err := ids.Parse(vector.Prefix, vector.Text)
		if err != nil {
			t.Error(err)
		}
		if hex.EncodeToString(uuid[:]) != strings.ReplaceAll(vector.UUID, "-", "") {
			t.Errorf("%s is read as %x", vector.Text, uuid)
		}
		if text := ids.Format(vector.Prefix, uuid); text != vector.Text {
			t.Errorf("%s is written as %s", vector.UUID, text)
		}
	}
}

func TestWhatIsNoIDIsRefusedWithItsProblem(t *testing.T) {
	problems := map[string]error{
		"WRONG_PREFIX":    ids.ErrWrongPrefix,
		"WRONG_LENGTH":    ids.ErrWrongLength,
		"WRONG_CHARACTER": ids.ErrWrongCharacter,
		"TOO_LARGE":       ids.ErrTooLarge,
	}
	for _, vector := range load(t).IDs.Invalid {
		_, err := ids.Parse(vector.Prefix, vector.Text)
		if want := problems[vector.Problem]; want == nil || !errors.Is(err, want) {
			t.Errorf("%s: %v", vector.Name, err)
		}
	}
}

func TestRefusalsAreReadFromStatuses(t *testing.T) {
	for _, vector := range load(t).Statuses {
		var failure status.Status
		if err := proto.Unmarshal(fromHex(t, vector.Hex), &failure); err != nil {
			t.Fatal(err)
		}
		if failure.GetCode() != vector.Code || failure.GetMessage() != vector.Message {
			t.Errorf("%s: %v", vector.Name, &failure)
		}
		found := refusals.Of(grpcstatus.ErrorProto(&failure))
		if vector.Refusal == nil {
			if found != nil {
				t.Errorf("%s: %v", vector.Name, found)
			}
			continue
		}
		want := *vector.Refusal
		want.Message = vector.Message
		if found == nil || !same(*found, want) {
			t.Errorf("%s: %v instead of %v", vector.Name, found, want)
		}
	}
}

// same compares refusals, and takes what is empty for what is absent.
func same(a, b refusals.Refusal) bool {
	return a.Reason == b.Reason && a.Domain == b.Domain && a.Message == b.Message &&
		maps.Equal(a.Metadata, b.Metadata) && slices.Equal(a.Violations, b.Violations)
}

func empty(t *testing.T, name string) proto.Message {
	t.Helper()
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(name))
	if err != nil {
		t.Fatal(err)
	}
	return kind.New().Interface()
}

func decode(t *testing.T, name string, bytes []byte) proto.Message {
	t.Helper()
	message := empty(t, name)
	if err := proto.Unmarshal(bytes, message); err != nil {
		t.Fatal(err)
	}
	return message
}

func expectBytes(t *testing.T, vector message, message proto.Message) {
	t.Helper()
	encoded, err := proto.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(encoded, fromHex(t, vector.Hex)) {
		t.Errorf("%v is encoded as %x", message, encoded)
	}
}

// expectJSON compares meaning, because protojson varies its white space on purpose.
func expectJSON(t *testing.T, vector message, message proto.Message) {
	t.Helper()
	text, err := protojson.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := errors.Join(json.Unmarshal(text, &got), json.Unmarshal(vector.JSON, &want)); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the JSON is %s instead of %s", text, vector.JSON)
	}
}

func fromHex(t *testing.T, text string) []byte {
	t.Helper()
	decoded, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}
