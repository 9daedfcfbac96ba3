package io.github.retailmesh;

import java.util.UUID;

/**
 * Reads and writes the identifiers of Retail Mesh, such as {@code prd_01h455vb4pex5vsknk084sn02q}:
 * a prefix that tells what is named, an underscore, and 128 bits as 26 digits of Crockford's base32
 * in lower case.
 *
 * <p>One id has one text, so ids may be stored and compared as they come. This class is for those
 * who check input early or store UUIDs.
 */
public final class Ids {
  private static final String ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
  private static final int DIGITS = 26;

  private Ids() {}

  /** Returns the UUID of an id with the given prefix. */
  public static UUID parse(String prefix, String text) throws IdException {
    if (!text.startsWith(prefix + "_")) {
      throw new IdException(IdException.Problem.WRONG_PREFIX, prefix, text);
    }
    String digits = text.substring(prefix.length() + 1);
    IdException.Problem problem = problemOf(digits);
    if (problem != null) {
      throw new IdException(problem, prefix, text);
    }
    long high = 0;
    long low = 0;
    for (int place = 0; place < DIGITS; place++) {
      high = high << 5 | low >>> 59;
      low = low << 5 | ALPHABET.indexOf(digits.charAt(place));
    }
    return new UUID(high, low);
  }

  /** Returns the text of the id with the given prefix and UUID. */
  public static String format(String prefix, UUID uuid) {
    long high = uuid.getMostSignificantBits();
    long low = uuid.getLeastSignificantBits();
    char[] digits = new char[DIGITS];
    for (int place = DIGITS - 1; place >= 0; place--) {
      digits[place] = ALPHABET.charAt((int) (low & 31));
      low = low >>> 5 | high << 59;
      high = high >>> 5;
    }
    return prefix + "_" + new String(digits);
  }

  private static IdException.Problem problemOf(String digits) {
    if (digits.length() != DIGITS) {
      return IdException.Problem.WRONG_LENGTH;
    }
    if (digits.chars().anyMatch(letter -> ALPHABET.indexOf(letter) < 0)) {
      return IdException.Problem.WRONG_CHARACTER;
    }
    return digits.charAt(0) > '7' ? IdException.Problem.TOO_LARGE : null;
  }
}
