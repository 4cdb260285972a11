/** An agent that gives a JVM another operating system's name: {@code -javaagent:JAR=NAME}. */
public final class ForeignSystem {

  /** Sets the name. The JDK reads it at its first child process, which must be of this system. */
  public static void premain(String name) throws Exception {
    new ProcessBuilder("true").start().waitFor();
    System.setProperty("os.name", name);
  }
}
