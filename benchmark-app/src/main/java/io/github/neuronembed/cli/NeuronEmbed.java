package io.github.neuronembed.cli;

import io.github.neuronembed.EmbeddingException;
import io.github.neuronembed.cli.advise.AdviseCommand;
import io.github.neuronembed.cli.bench.BenchCommand;
import io.github.neuronembed.cli.compare.CompareCommand;
import io.github.neuronembed.cli.compare.ReportCommand;
import io.github.neuronembed.cli.doctor.DoctorCommand;
import io.github.neuronembed.cli.embed.EmbedCommand;
import io.github.neuronembed.cli.embed.RerankCommand;
import io.github.neuronembed.cli.models.MakeModelCommand;
import io.github.neuronembed.cli.neff.InspectCommand;
import io.github.neuronembed.cli.neff.PackCommand;
import io.github.neuronembed.cli.pull.PullCommand;
import io.github.neuronembed.cli.serve.ServeCommand;
import io.github.neuronembed.cli.verify.VerifyCommand;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.ParseException;
import org.apache.commons.cli.help.HelpFormatter;
import org.apache.commons.cli.help.TextHelpAppendable;
import org.jspecify.annotations.Nullable;

/** Where the command line begins: picks the command, and turns every ending into an exit code. */
public final class NeuronEmbed {

  private static final String PROGRAM = "neuron-embed";
  private static final int HELP_WIDTH = 100;
  private static final List<Command> COMMANDS =
      List.of(
          new PullCommand(),
          new MakeModelCommand(),
          new EmbedCommand(),
          new RerankCommand(),
          new VerifyCommand(),
          new ServeCommand(),
          new BenchCommand(),
          new CompareCommand(),
          new ReportCommand(),
          new AdviseCommand(),
          new PackCommand(),
          new InspectCommand(),
          new DoctorCommand());

  private NeuronEmbed() {}

  /** Runs one command and ends the process with its exit code. */
  public static void main(String[] args) {
    Streams streams =
        new Streams(
            new FileInputStream(FileDescriptor.in),
            new FileOutputStream(FileDescriptor.out),
            new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
            Boolean.getBoolean("neuronembed.terminal"));
    System.exit(run(args, streams));
  }

  /** Runs one command; never throws. */
  static int run(String[] args, Streams streams) {
    boolean debug = Arrays.asList(args).contains("--debug");
    Streams named =
        new Streams(
            streams.in(),
            new NamedOutput("standard output", streams.out()),
            streams.err(),
            streams.terminal());
    try {
      return dispatch(args, named);
    } catch (UsageException e) {
      say(streams, e.getMessage(), e, debug);
      return ExitCode.USAGE;
    } catch (EmbeddingException | IllegalArgumentException | IllegalStateException e) {
      say(streams, e.getMessage(), e, debug);
      return ExitCode.FAILED;
    } catch (UncheckedIOException e) {
      return failed(streams, Objects.requireNonNull(e.getCause()), debug);
    } catch (IOException e) {
      return failed(streams, e, debug);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      say(streams, "Interrupted.", e, debug);
      return ExitCode.FAILED;
    } catch (OutOfMemoryError e) {
      say(
          streams,
          "Out of memory (%s). Give the JVM more: NEURON_EMBED_JAVA_OPTS=-Xmx4g"
              .formatted(e.getMessage()),
          e,
          debug);
      return ExitCode.FAILED;
    } catch (RuntimeException | Error e) {
      say(streams, "Unexpected: %s. Run again with --debug for details.".formatted(e), e, debug);
      return ExitCode.FAILED;
    }
  }

  private static int dispatch(String[] args, Streams streams)
      throws IOException, InterruptedException {
    if (args.length == 0) {
      throw new UsageException("No command given. %s --help lists them.".formatted(PROGRAM));
    }
    switch (args[0]) {
      case "--help", "-h", "help" -> {
        print(streams, commandList());
        return ExitCode.DONE;
      }
      case "--version", "-V" -> {
        print(streams, PROGRAM + " " + version() + "\n");
        return ExitCode.DONE;
      }
      default -> {
        for (Command command : COMMANDS) {
          if (command.name().equals(args[0])) {
            return run(command, Arrays.copyOfRange(args, 1, args.length), streams);
          }
        }
        throw new UsageException(
            "Unknown command '%s'. %s --help lists them.".formatted(args[0], PROGRAM));
      }
    }
  }

  private static int run(Command command, String[] args, Streams streams)
      throws IOException, InterruptedException {
    Options options = command.options();
    options.addOption(Option.builder("h").longOpt("help").desc("show this help").get());
    options.addOption(
        Option.builder().longOpt("debug").desc("show the stack trace of an error").get());
    CommandLine arguments;
    try {
      arguments = DefaultParser.builder().setAllowPartialMatching(false).get().parse(options, args);
    } catch (ParseException e) {
      throw new UsageException(
          "%s. %s %s --help lists the options.".formatted(e.getMessage(), PROGRAM, command.name()));
    }
    if (arguments.hasOption("help")) {
      print(streams, help(command, options));
      return ExitCode.DONE;
    }
    return command.run(arguments, streams);
  }

  private static int failed(Streams streams, IOException e, boolean debug) {
    if (isClosedPipe(e)) {
      // The reader of the output closed it.
      return ExitCode.DONE;
    }
    String message = String.valueOf(e.getMessage());
    if (e instanceof FileSystemException file) {
      String reason = file.getReason() != null ? file.getReason() : kind(e);
      message = "%s: %s".formatted(file.getFile(), reason);
    }
    say(streams, message, e, debug);
    return ExitCode.FAILED;
  }

  private static String kind(IOException e) {
    return switch (e.getClass().getSimpleName()) {
      case "NoSuchFileException" -> "no such file or folder";
      case "AccessDeniedException" -> "access denied";
      case "FileAlreadyExistsException" -> "exists already";
      case "NotDirectoryException" -> "not a folder";
      default -> e.getClass().getSimpleName();
    };
  }

  /** The JDK has no type for it, only the operating system's words. */
  static boolean isClosedPipe(IOException e) {
    return "Broken pipe".equals(e.getMessage());
  }

  private static void say(
      Streams streams, @Nullable String message, Throwable cause, boolean debug) {
    streams.err().println(PROGRAM + ": " + message);
    if (debug) {
      cause.printStackTrace(streams.err());
    }
  }

  private static void print(Streams streams, String text) throws IOException {
    streams.out().write(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String commandList() {
    StringBuilder text = new StringBuilder();
    text.append("usage: ").append(PROGRAM).append(" COMMAND [options]\n\n");
    text.append("Text embeddings on the CPU and on AWS Inferentia2.\n\n");
    for (Command command : COMMANDS) {
      text.append("  %-10s %s%n".formatted(command.name(), command.summary()));
    }
    text.append("\n  --help     this list; COMMAND --help shows a command's options\n");
    text.append("  --version  the version\n");
    text.append("\nexit codes: 0 done, 1 failed, 2 wrong usage, 3 regression found\n");
    return text.toString();
  }

  private static String help(Command command, Options options) throws IOException {
    StringWriter text = new StringWriter();
    TextHelpAppendable appendable = new TextHelpAppendable(new PrintWriter(text));
    appendable.setMaxWidth(HELP_WIDTH);
    HelpFormatter.builder()
        .setHelpAppendable(appendable)
        .setShowSince(false)
        .get()
        .printHelp(
            PROGRAM + " " + command.name() + " " + command.arguments(),
            command.summary(),
            options,
            "",
            false);
    for (String paragraph : command.notes()) {
      appendable.appendParagraph(paragraph);
    }
    return text.toString();
  }

  /** The program's version. */
  public static String version() throws IOException {
    Properties properties = new Properties();
    try (InputStream in = NeuronEmbed.class.getResourceAsStream("version.properties")) {
      properties.load(in);
    }
    return properties.getProperty("version");
  }
}
