// Identifiers such as prd_01h455vb4pex5vsknk084sn02q: a prefix that tells what is named, an
// underscore, and 128 bits as 26 digits of Crockford's base32 in lower case.
//
// One id has one text, so ids may be stored and compared as they come. These functions are for
// those who check input early or store UUIDs.

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const DIGITS = 26;

/** Why a text is not the wanted id. */
export type IdProblem =
  /** The text names something else, or is no id at all. */
  | "WRONG_PREFIX"
  /** Not exactly 26 digits follow the prefix. */
  | "WRONG_LENGTH"
  /** A character is not a digit of the alphabet, which is lower case and lacks i, l, o and u. */
  | "WRONG_CHARACTER"
  /** The first digit is above 7, which is more than 128 bits. */
  | "TOO_LARGE";

/** Says that a text is not the wanted id. */
export class IdError extends Error {
  override readonly name = "IdError";

  constructor(
    readonly problem: IdProblem,
    prefix: string,
    text: string,
  ) {
    super(`${JSON.stringify(text)} is not an id ${prefix}_…: ${problem}`);
  }
}

/** Returns the UUID, as text, of an id with the given prefix, or throws an IdError. */
export function parseId(prefix: string, text: string): string {
  const problem = problemOf(prefix, text);
  if (problem !== undefined) {
    throw new IdError(problem, prefix, text);
  }
  let bits = 0n;
  for (const letter of text.slice(prefix.length + 1)) {
    bits = (bits << 5n) | BigInt(ALPHABET.indexOf(letter));
  }
  const hex = bits.toString(16).padStart(32, "0");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Returns the text of the id with the given prefix and UUID. */
export function formatId(prefix: string, uuid: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uuid)) {
    throw new TypeError(`${JSON.stringify(uuid)} is not a UUID`);
  }
  let bits = BigInt(`0x${uuid.replaceAll("-", "")}`);
  let digits = "";
  for (let place = 0; place < DIGITS; place++) {
    digits = ALPHABET.charAt(Number(bits & 31n)) + digits;
    bits >>= 5n;
  }
  return `${prefix}_${digits}`;
}

function problemOf(prefix: string, text: string): IdProblem | undefined {
  if (!text.startsWith(`${prefix}_`)) {
    return "WRONG_PREFIX";
  }
  const digits = text.slice(prefix.length + 1);
  if (digits.length !== DIGITS) {
    return "WRONG_LENGTH";
  }
  if ([...digits].some((letter) => !ALPHABET.includes(letter))) {
    return "WRONG_CHARACTER";
  }
  return digits.charAt(0) > "7" ? "TOO_LARGE" : undefined;
}
