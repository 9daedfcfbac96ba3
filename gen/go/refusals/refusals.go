// Package refusals reads why Retail Mesh refused a call.
package refusals

import (
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
)

// Refusal is what a service says when it refuses. Decide by Reason; Message is for people.
type Refusal struct {
	// Reason is a word of the contract, such as OUT_OF_STOCK.
	Reason string
	// Domain is the context that the reason belongs to, such as retail.order.
	Domain string
	// Message says the same to people, in English.
	Message string
	// Metadata holds the variables of the message.
	Metadata map[string]string
	// Violations names the fields at fault when Reason is VALIDATION_FAILED.
	Violations []Violation
}

// Violation is one field that breaks one of its rules.
type Violation struct {
	// Field is the path from the request, such as order.lines[0].quantity.
	Field string
	// Rule is the id of the rule, such as int64.gte.
	Rule string
	// Description says the rule to people.
	Description string
}

// Of returns the refusal that an error of a call carries, or nil when no service has explained it,
// as when the connection failed. The gRPC code is status.Code(err).
func Of(err error) *Refusal {
	failure, ok := status.FromError(err)
	if !ok {
		return nil
	}
	var refusal *Refusal
	var violations []Violation
	for _, detail := range failure.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			refusal = &Refusal{
				Reason:   detail.GetReason(),
				Domain:   detail.GetDomain(),
				Message:  failure.Message(),
				Metadata: detail.GetMetadata(),
			}
		case *errdetails.BadRequest:
			for _, it := range detail.GetFieldViolations() {
				violation := Violation{it.GetField(), it.GetReason(), it.GetDescription()}
				violations = append(violations, violation)
			}
		}
	}
	if refusal != nil {
		refusal.Violations = violations
	}
	return refusal
}
