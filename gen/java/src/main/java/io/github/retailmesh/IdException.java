package io.github.retailmesh;

/** Says that a text is not the wanted id. */
public final class IdException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  /** Why a text is not the wanted id. */
  public enum Problem {
    /** The text names something else, or is no id at all. */
    WRONG_PREFIX,
    /** Not exactly 26 digits follow the prefix. */
    WRONG_LENGTH,
    /** A character is not a digit of the alphabet, which is lower case and lacks i, l, o and u. */
    WRONG_CHARACTER,
    /** The first digit is above 7, which is more than 128 bits. */
    TOO_LARGE
  }

  private final Problem problem;

  IdException(Problem problem, String prefix, String text) {
    super("\"" + text + "\" is not an id " + prefix + "_…: " + problem);
    this.problem = problem;
  }

  /** Returns what is wrong with the text. */
  public Problem problem() {
    return problem;
  }
}
