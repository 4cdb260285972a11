package io.github.neuronembed.cli.pull;

import io.github.neuronembed.cli.UsageException;
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

  static final List<String> REQUIRED = List.of("config.json", "tokenizer.json", "onnx/model.onnx");

  /** Pulled where the repository has them; the last holds the weights of a graph over 2 GB. */
  static final List<String> WANTED =
      List.of(
          "tokenizer_config.json",
          "special_tokens_map.json",
          "modules.json",
          "sentence_bert_config.json",
          "config_sentence_transformers.json",
          "1_Pooling/config.json",
          "onnx/model.onnx_data");

  /** The int8 graph; the first that there is. */
  static final List<String> INT8 = List.of("onnx/model_quantized.onnx", "onnx/model_int8.onnx");

  private ModelFiles() {}

  /**
   * Chooses.
   *
   * @param int8 whether the int8 graph is wanted too
   * @param include globs of further files
   * @param kept files that an earlier pull brought, chosen again where the repository has them
   * @throws HubException if the repository has not got what was asked for
   * @throws UsageException if a glob is none
   */
  static List<RemoteFile> select(
      Repository repository, Listing listing, boolean int8, List<String> include, List<String> kept)
      throws HubException {
    Map<String, RemoteFile> chosen = new LinkedHashMap<>();
    for (String path : REQUIRED) {
      RemoteFile file = listing.file(path).orElseThrow(() -> missing(repository, listing, path));
      chosen.put(path, file);
    }
    List<String> more = new ArrayList<>(WANTED);
    more.addAll(kept);
    for (String path : more) {
      listing.file(path).ifPresent(file -> chosen.put(path, file));
    }
    if (int8) {
      Optional<RemoteFile> graph =
          INT8.stream().flatMap(path -> listing.file(path).stream()).findFirst();
      RemoteFile file =
          graph.orElseThrow(() -> missing(repository, listing, String.join(" or ", INT8)));
      chosen.put(file.path(), file);
    }
    for (String glob : include) {
      PathMatcher matcher = matcher(glob);
      List<RemoteFile> matching =
          listing.files().stream().filter(file -> matcher.matches(Path.of(file.path()))).toList();
      if (matching.isEmpty()) {
        throw missing(repository, listing, glob);
      }
      matching.forEach(file -> chosen.put(file.path(), file));
    }
    return List.copyOf(chosen.values());
  }

  private static PathMatcher matcher(String glob) {
    try {
      return FileSystems.getDefault().getPathMatcher("glob:" + glob);
    } catch (PatternSyntaxException e) {
      throw new UsageException(
          "--include '%s' is no pattern of file names, such as onnx/*.onnx: %s."
              .formatted(glob, e.getDescription()));
    }
  }

  private static HubException missing(Repository repository, Listing listing, String path) {
    return new HubException(
        "%s has no %s at revision %s (commit %s): name another repository or --revision, one with an ONNX export and a tokenizer.json."
            .formatted(repository, path, repository.revision(), listing.commit()));
  }
}
