/** An agent that sets the operating system's name of a JVM: {@code -javaagent:JAR=NAME}. */
public final class ForeignSystem {

  /** Starts a process first, because the JDK reads the real name when it starts its first one. */
  public static void premain(String name) throws Exception {
    new ProcessBuilder("true").start().waitFor();
    System.setProperty("os.name", name);
  }
}
