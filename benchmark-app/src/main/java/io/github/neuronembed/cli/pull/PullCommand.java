package io.github.neuronembed.cli.pull;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.cli.Command;
import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.Progress;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.ValueOption;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.ModelOverrides;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;

/** Downloads what a model directory needs from the hub, pinned to a commit and verified. */
public final class PullCommand implements Command {

  /**
   * The instruction of bge's English models v1.5, which their model cards state and their files do
   * not; passages get none.
   */
  private static final String BGE_QUERY_PREFIX =
      "Represent this sentence for searching relevant passages: ";

  private static final Set<String> BGE =
      Set.of("BAAI/bge-small-en-v1.5", "BAAI/bge-base-en-v1.5", "BAAI/bge-large-en-v1.5");

  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final int MIB = 1 << 20;
  private static final Gson GSON =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

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
        "Pulled are %s and, where the repository has them, %s; nothing else. %s records the commit and every checksum. Pulling again verifies the files and downloads what differs; after a break it goes on where it stopped."
            .formatted(
                String.join(", ", ModelFiles.REQUIRED),
                String.join(", ", ModelFiles.WANTED),
                PullRecord.FILE),
        "What a repository does not state about its model is told in %s beside its files: {\"queryPrefix\": \"...\", \"passagePrefix\": \"\", \"pooling\": \"cls\", \"normalize\": true, \"maxTokens\": 512, \"name\": \"...\"}, each optional. For %s it is written by pull, with the query instruction of their model cards, unless the repository states one or the file exists."
            .formatted(ModelOverrides.FILE, String.join(", ", BGE.stream().sorted().toList())),
        "Environment: HF_TOKEN (else HF_HOME/token), HF_ENDPOINT, HF_HOME, HF_HUB_CACHE (what is there is copied, not downloaded), HF_HUB_OFFLINE=1 (only what is there).");
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
        List<String> kept =
            folder.before().stream()
                .flatMap(before -> before.listing().files().stream().map(RemoteFile::path))
                .toList();
        for (RemoteFile file : listing.files()) {
          // A listing with such a name is not to be trusted, whatever is chosen from it.
          file.below(folder.path());
        }
        List<RemoteFile> files = new ArrayList<>();
        for (RemoteFile file :
            ModelFiles.select(repository, listing, arguments.hasOption("int8"), include, kept)) {
          requireFree(file, folder.path());
          files.add(client.stated(repository, listing.commit(), file));
        }
        for (RemoteFile file : files) {
          String how =
              bring(file, repository, listing.commit(), folder, client, cache, settings, streams);
          streams
              .err()
              .println(
                  String.format(
                      Locale.ROOT, "%-34s %11s  %s", file.path(), size(file.size()), how));
        }
        warnOfCompiledModels(folder, listing, streams.err());
        folder.complete(
            new PullRecord(
                settings.endpoint().toString(),
                repository,
                new Listing(listing.commit(), List.copyOf(files))));
        writeOverrides(folder.path(), repository, streams.err());
        streams.err().printf("%s at commit %s%n", repository, listing.commit());
        check(folder.path(), streams.err());
        streams.out().write((folder.path() + "\n").getBytes(StandardCharsets.UTF_8));
      }
    }
    return ExitCode.DONE;
  }

  private static Path folder(String output) {
    try {
      return Path.of(output).toAbsolutePath().normalize();
    } catch (InvalidPathException e) {
      throw new UsageException("--output '%s' is no path.".formatted(output));
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

  /** Files of ours that a repository must not bring. */
  private static void requireFree(RemoteFile file, Path folder) throws HubException {
    String first = folder.relativize(file.below(folder)).getName(0).toString();
    if (Set.of(PullFolder.STAGING, PullRecord.FILE, ModelOverrides.FILE).contains(first)) {
      throw new HubException(
          "The repository has a file %s, which is a name of this program's own: leave it out."
              .formatted(file.path()));
    }
  }

  /** Has a file in its place or staged; says how, in a word or two. */
  private static String bring(
      RemoteFile file,
      Repository repository,
      String commit,
      PullFolder folder,
      HubClient client,
      HubCache cache,
      HubSettings settings,
      Streams streams)
      throws IOException, InterruptedException {
    if (folder.has(file)) {
      return "verified";
    }
    String replaced = folder.hasAnother(file) ? ", replaces another" : "";
    if (folder.hasStaged(file)) {
      return "arrived earlier" + replaced;
    }
    Optional<Path> cached = cache.file(repository, commit, file);
    if (cached.isPresent()) {
      Files.copy(cached.get(), folder.part(file), StandardCopyOption.REPLACE_EXISTING);
      folder.stage(file);
      return "from the hub's cache" + replaced;
    }
    if (settings.offline()) {
      throw new HubException(
          "HF_HUB_OFFLINE is set, and the hub's cache %s has no whole %s of %s: unset it, or pull where there is a network."
              .formatted(settings.cache(), file.path(), repository));
    }
    try (Progress progress = Progress.start(file.path(), "MiB", MIB, file.size(), streams)) {
      client.download(repository, commit, file, folder.part(file), progress::stepTo);
    }
    folder.stage(file);
    return "downloaded" + replaced;
  }

  private static String size(long bytes) {
    return bytes < MIB
        ? String.format(Locale.ROOT, "%.1f KiB", bytes / 1024.0)
        : String.format(Locale.ROOT, "%.1f MiB", (double) bytes / MIB);
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

  /** Tells what the repository does not, unless somebody has told something already. */
  private static void writeOverrides(Path folder, Repository repository, PrintStream err)
      throws IOException {
    Path file = folder.resolve(ModelOverrides.FILE);
    boolean nameless = !folder.endsWith(repository.name());
    boolean promptless = BGE.contains(repository.id()) && !statesQueryPrompt(folder);
    if (Files.exists(file) || (!nameless && !promptless)) {
      return;
    }
    JsonObject overrides = new JsonObject();
    if (nameless) {
      overrides.addProperty("name", repository.name());
    }
    if (promptless) {
      overrides.addProperty("queryPrefix", BGE_QUERY_PREFIX);
      overrides.addProperty("passagePrefix", "");
      err.println(
          "The repository states no query prompt: %s tells the one of its model card, \"%s\"."
              .formatted(ModelOverrides.FILE, BGE_QUERY_PREFIX));
    }
    Files.writeString(file, GSON.toJson(overrides) + "\n");
  }

  private static boolean statesQueryPrompt(Path folder) throws IOException {
    Path file = folder.resolve("config_sentence_transformers.json");
    if (!Files.exists(file)) {
      return false;
    }
    try {
      JsonElement prompts =
          JsonParser.parseString(Files.readString(file)).getAsJsonObject().get("prompts");
      return prompts instanceof JsonObject object && object.has("query");
    } catch (JsonParseException | IllegalStateException e) {
      // Whoever opens the directory is told.
      return true;
    }
  }

  private static void check(Path folder, PrintStream err) {
    try {
      ModelDirectory.open(folder);
    } catch (ModelLoadException e) {
      err.println("It cannot be served as it is: " + e.getMessage());
    }
  }
}
