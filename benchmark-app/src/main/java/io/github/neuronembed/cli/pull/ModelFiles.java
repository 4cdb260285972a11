package io.github.neuronembed.cli.pull;

import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.model.OnnxExternalData;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.PatternSyntaxException;

/** Which files of a repository a model directory needs. */
final class ModelFiles {

  /** What names the folders of the others; at the top of a repository. */
  static final String MODULES = "modules.json";

  /** At the top of a repository that has them. */
  static final List<String> WANTED = List.of(MODULES, "config_sentence_transformers.json");

  /** In the folder of the Transformer module, which is the top where no module is named. */
  static final List<String> REQUIRED = List.of("config.json", "tokenizer.json", "onnx/model.onnx");

  /**
   * In the same folder, where a repository has them. sentence-transformers reads the most tokens of
   * a text from a file named after the architecture (its {@code Transformer.load}, 2.2 to 5.4).
   */
  static final List<String> WANTED_OF_TRANSFORMER =
      List.of(
          "tokenizer_config.json",
          "special_tokens_map.json",
          "sentence_bert_config.json",
          "sentence_roberta_config.json",
          "sentence_distilbert_config.json",
          "sentence_camembert_config.json",
          "sentence_albert_config.json",
          "sentence_xlm-roberta_config.json",
          "sentence_xlnet_config.json");

  /** The int8 graph; the first that there is. */
  static final List<String> INT8 = List.of("onnx/model_quantized.onnx", "onnx/model_int8.onnx");

  private final Repository repository;
  private final Listing listing;
  private final Map<String, RemoteFile> chosen = new LinkedHashMap<>();

  ModelFiles(Repository repository, Listing listing) {
    this.repository = repository;
    this.listing = listing;
  }

  /** The list of modules, if the repository has one; what else is needed follows from it. */
  Optional<RemoteFile> modules() {
    return listing.file(MODULES);
  }

  /**
   * Chooses all files that are known before the graph is downloaded.
   *
   * @param modules the folders that {@link #MODULES} names
   * @param int8 whether the int8 graph is wanted too
   * @param include globs of further files
   * @param kept files of an earlier pull, chosen again if the repository has them
   * @throws HubException if the repository does not have the requested files
   * @throws UsageException if a glob is invalid
   */
  List<RemoteFile> select(
      ModuleFolders modules, boolean int8, List<String> include, List<String> kept)
      throws HubException {
    for (String path : REQUIRED) {
      add(required(modules.transformer() + path));
    }
    for (String path : WANTED) {
      listing.file(path).ifPresent(this::add);
    }
    for (String path : WANTED_OF_TRANSFORMER) {
      listing.file(modules.transformer() + path).ifPresent(this::add);
    }
    for (String folder : modules.others()) {
      listing.below(folder).forEach(this::add);
    }
    for (String path : kept) {
      listing.file(path).ifPresent(this::add);
    }
    if (int8) {
      List<String> paths = INT8.stream().map(path -> modules.transformer() + path).toList();
      add(
          paths.stream()
              .flatMap(path -> listing.file(path).stream())
              .findFirst()
              .orElseThrow(() -> missing(String.join(" or ", paths))));
    }
    for (String glob : include) {
      addMatching(glob);
    }
    return List.copyOf(chosen.values());
  }

  /**
   * Chooses what ONNX files keep their weights in.
   *
   * @param graph the ONNX file's name in the repository
   * @param arrived the file itself
   * @return those that were not chosen before
   * @throws HubException if the repository has not got one of them
   */
  List<RemoteFile> selectExternalData(RemoteFile graph, Path arrived) throws IOException {
    String folder = graph.path().substring(0, graph.path().lastIndexOf('/') + 1);
    List<RemoteFile> more = new ArrayList<>();
    for (String location : OnnxExternalData.locations(arrived)) {
      RemoteFile file =
          listing
              .file(folder + location.replaceFirst("^(\\./)+", ""))
              .orElseThrow(
                  () ->
                      new HubException(
                          ("%s of %s keeps weights in another file, %s, which the repository does"
                                  + " not have at commit %s: name another --revision or repository.")
                              .formatted(
                                  graph.path(),
                                  repository,
                                  RemoteFile.printable(location),
                                  listing.commit())));
      if (chosen.putIfAbsent(file.path(), file) == null) {
        more.add(file);
      }
    }
    return more;
  }

  private void add(RemoteFile file) {
    chosen.put(file.path(), file);
  }

  private void addMatching(String glob) throws HubException {
    PathMatcher matcher = matcher(glob);
    List<RemoteFile> matching =
        listing.files().stream().filter(file -> matcher.matches(Path.of(file.path()))).toList();
    if (matching.isEmpty()) {
      throw missing(glob);
    }
    matching.forEach(this::add);
  }

  private static PathMatcher matcher(String glob) {
    try {
      return FileSystems.getDefault().getPathMatcher("glob:" + glob);
    } catch (PatternSyntaxException e) {
      throw new UsageException(
          "--include '%s' is not a pattern of file names, for example onnx/*.onnx: %s."
              .formatted(glob, e.getDescription()));
    }
  }

  private RemoteFile required(String path) throws HubException {
    return listing.file(path).orElseThrow(() -> missing(path));
  }

  private HubException missing(String path) {
    return new HubException(
        "%s has no %s at revision %s (commit %s): name another repository or --revision, one with an ONNX export and a tokenizer.json."
            .formatted(repository, path, repository.revision(), listing.commit()));
  }
}
