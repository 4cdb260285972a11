package io.github.neuronembed.cli.doctor;

/**
 * What was found about one thing.
 *
 * @param level how good it is
 * @param subject what was looked at, in a word or two
 * @param text what was found, in a sentence
 * @param remedy what to do about it; empty if nothing is to be done
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
