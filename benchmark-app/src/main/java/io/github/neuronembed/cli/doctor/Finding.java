package io.github.neuronembed.cli.doctor;

/**
 * The result of one check.
 *
 * @param level the severity
 * @param subject the checked subject, in a word or two
 * @param text the finding, in one sentence
 * @param remedy what to do about it; empty for nothing
 */
record Finding(Level level, String subject, String text, String remedy) {

  enum Level {
    OK,
    NOTE,
    PROBLEM
  }

  static Finding ok(String subject, String text) {
    return new Finding(Level.OK, subject, text, "");
  }

  static Finding note(String subject, String text, String remedy) {
    return new Finding(Level.NOTE, subject, text, remedy);
  }

  static Finding problem(String subject, String text, String remedy) {
    return new Finding(Level.PROBLEM, subject, text, remedy);
  }
}
