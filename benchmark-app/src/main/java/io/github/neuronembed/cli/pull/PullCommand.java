package io.github.neuronembed.cli.pull;

import io.github.neuronembed.cli.Command;
import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.ValueOption;
import io.github.neuronembed.model.ModelOverrides;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;

/** Downloads what a model directory needs from the hub, pinned to a commit and verified. */
public final class PullCommand implements Command {

  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private final Map<String, String> environment;
  private final UnaryOperator<Duration> pause;
  private final Duration timeout;

  /** With the process's environment. */
  public PullCommand() {
    this(System.getenv(), UnaryOperator.identity(), TIMEOUT);
  }

  /** See {@link HubClient#HubClient}. */
  PullCommand(Map<String, String> environment, UnaryOperator<Duration> pause, Duration timeout) {
    this.environment = environment;
    this.pause = pause;
    this.timeout = timeout;
  }

  @Override
  public String name() {
    return "pull";
  }

  @Override
  public String summary() {
    return "Download a model directory from the Hugging Face hub, pinned to a commit and verified.";
  }

  @Override
  public String arguments() {
    return "[options] OWNER/NAME";
  }

  @Override
  public List<String> notes() {
    return List.of(
        ("This command downloads %s, the files with the graph's weights, the folders"
                + " that %s names, and the settings of tokenizer and model if the repository"
                + " has them; nothing else. %s records the commit and every checksum. Pulling"
                + " again verifies the files and downloads those that differ; after an"
                + " interruption it continues where it stopped. At the end the directory is"
                + " opened and embeds a text; if that fails, the command fails, and the files"
                + " are kept.")
            .formatted(String.join(", ", ModelFiles.REQUIRED), ModelFiles.MODULES, PullRecord.FILE),
        ("If a repository does not state a fact about its model, state it in %s in"
                + " the same folder: {\"queryPrefix\": \"...\", \"passagePrefix\": \"\","
                + " \"pooling\": \"cls\", \"normalize\": true, \"maxTokens\": 512, \"name\":"
                + " \"...\"}, each optional. For %s pull writes this file with the prompts of"
                + " their model cards, unless the repository states prompts or the file"
                + " exists.")
            .formatted(ModelOverrides.FILE, KnownPrompts.names()),
        "Proxies: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in upper or lower case, as http://[USER:PASSWORD@]HOST:PORT.",
        "Environment: HF_TOKEN (else HF_HOME/token), HF_ENDPOINT, HF_HOME,"
            + " HF_HUB_CACHE (files in it are copied, not downloaded), HF_HUB_OFFLINE=1"
            + " (use only files in it).");
  }

  @Override
  public Options options() {
    Options options = new Options();
    ValueOption.addTo(options, "revision", "REV", "branch, tag or commit (default main)");
    options.addOption(
        Option.builder("o")
            .longOpt("output")
            .hasArg()
            .argName("DIR")
            .desc("the model directory (default NAME in the current folder)")
            .get());
    options.addOption(
        Option.builder()
            .longOpt("int8")
            .desc("also " + String.join(" or ", ModelFiles.INT8) + ", for --precision int8")
            .get());
    ValueOption.addTo(
        options,
        "include",
        "GLOB",
        "also files whose path matches, for example 'README.md'; can be repeated");
    return options;
  }

  @Override
  public int run(CommandLine arguments, Streams streams) throws IOException, InterruptedException {
    if (arguments.getArgList().size() != 1) {
      throw new UsageException(
          "pull takes one repository, OWNER/NAME, not %s."
              .formatted(arguments.getArgList().size()));
    }
    Repository repository =
        Repository.parse(
            arguments.getArgList().get(0), arguments.getOptionValue("revision", "main"));
    Path output = folder(arguments.getOptionValue("output", repository.name()));
    List<String> include =
        Stream.ofNullable(arguments.getOptionValues("include")).flatMap(Stream::of).toList();
    HubSettings settings = HubSettings.of(environment, Path.of(System.getProperty("user.home")));
    HubCache cache = new HubCache(settings.cache());

    try (HubClient client = new HubClient(settings, pause, timeout)) {
      Listing listing =
          settings.offline() ? offline(repository, cache, output) : client.list(repository);
      try (PullFolder folder = PullFolder.open(output, repository)) {
        new Pull(repository, listing, folder, settings, client, cache, streams)
            .run(arguments.hasOption("int8"), include);
        warnOfCompiledModels(folder, listing, streams.err());
        OverridesFile.write(folder.path(), repository, streams.err());
        streams.err().printf("%s at commit %s%n", repository, listing.commit());
        DirectoryCheck.require(folder.path());
        streams.out().write((folder.path() + "\n").getBytes(StandardCharsets.UTF_8));
      }
    }
    return ExitCode.DONE;
  }

  private static Path folder(String output) {
    try {
      return Path.of(output).toAbsolutePath().normalize();
    } catch (InvalidPathException e) {
      throw new UsageException("--output '%s' is not a valid path.".formatted(output));
    }
  }

  private static Listing offline(Repository repository, HubCache cache, Path output)
      throws IOException {
    Optional<Listing> cached = cache.list(repository);
    if (cached.isPresent()) {
      return cached.get();
    }
    return PullRecord.read(output)
        .filter(
            before ->
                before.repository().equals(repository)
                    || (before.repository().id().equals(repository.id())
                        && before.listing().commit().equals(repository.revision())))
        .map(PullRecord::listing)
        .orElseThrow(
            () ->
                new HubException(
                    "HF_HUB_OFFLINE is set, and neither the hub's cache %s nor %s has %s at revision %s: unset it, or pull where there is a network."
                        .formatted(cache.folder(), output, repository, repository.revision())));
  }

  private static void warnOfCompiledModels(PullFolder folder, Listing listing, PrintStream err) {
    boolean compiled = Files.exists(folder.path().resolve("neuron").resolve("manifest.json"));
    boolean moved =
        folder
            .before()
            .filter(before -> !before.listing().commit().equals(listing.commit()))
            .isPresent();
    if (compiled && moved) {
      err.println(
          "The compiled models in %s are of another commit: compile them again."
              .formatted(folder.path().resolve("neuron")));
    }
  }
}
