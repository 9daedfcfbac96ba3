// Why Retail Mesh refused a call.
import { ConnectError } from "@connectrpc/connect";

import { BadRequestSchema, ErrorInfoSchema } from "./google/rpc/error_details_pb.js";

/** What a service says when it refuses. Decide by `reason`; `message` is for people. */
export interface Refusal {
  /** A word of the contract, such as OUT_OF_STOCK. */
  reason: string;
  /** The context that the reason belongs to, such as retail.order. */
  domain: string;
  /** The same for people, in English. */
  message: string;
  /** The variables of the message. */
  metadata: Record<string, string>;
  /** The fields at fault when the reason is VALIDATION_FAILED. */
  violations: Violation[];
}

/** One field that breaks one of its rules. */
export interface Violation {
  /** The path from the request, such as order.lines[0].quantity. */
  field: string;
  /** The id of the rule, such as int64.gte. */
  rule: string;
  /** The rule for people. */
  description: string;
}

/**
 * Returns the refusal that an error of a call carries, or undefined when no service has explained
 * it, as when the connection failed. The gRPC code is `ConnectError.from(error).code`.
 */
export function refusalOf(error: unknown): Refusal | undefined {
  const failure = ConnectError.from(error);
  const [info] = failure.findDetails(ErrorInfoSchema);
  if (info === undefined) {
    return undefined;
  }
  const { reason, domain, metadata } = info;
  const violations = failure
    .findDetails(BadRequestSchema)
    .flatMap((request) => request.fieldViolations)
    .map(({ field, reason: rule, description }) => ({ field, rule, description }));
  return { reason, domain, message: failure.rawMessage, metadata, violations };
}
