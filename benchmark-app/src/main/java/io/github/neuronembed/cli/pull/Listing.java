package io.github.neuronembed.cli.pull;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a repository holds at a commit.
 *
 * @param commit forty hexadecimal digits
 * @param files its files
 */
record Listing(String commit, List<RemoteFile> files) {

  /**
   * Reads the hub's answer about a repository.
   *
   * @throws JsonParseException if it is none
   */
  static Listing parse(byte[] json) {
    try {
      JsonObject answer = JsonParser.parseString(new String(json, UTF_8)).getAsJsonObject();
      String commit = answer.get("sha").getAsString();
      if (!Repository.isCommit(commit)) {
        throw new JsonParseException("\"sha\" is not a commit");
      }
      return new Listing(commit, files(answer.getAsJsonArray("siblings")));
    } catch (IllegalStateException
        | NullPointerException
        | ClassCastException
        | UnsupportedOperationException
        | NumberFormatException e) {
      throw new JsonParseException(String.valueOf(e.getMessage()), e);
    }
  }

  private static List<RemoteFile> files(JsonArray siblings) {
    List<RemoteFile> files = new ArrayList<>();
    for (JsonElement sibling : siblings) {
      JsonObject file = sibling.getAsJsonObject();
      String path = file.get("rfilename").getAsString();
      // Of what Git LFS keeps, blobId and the outer size are those of the pointer to it.
      boolean large = file.has("lfs") && file.get("lfs").isJsonObject();
      JsonObject content = large ? file.getAsJsonObject("lfs") : file;
      JsonElement hex = content.get(large ? "sha256" : "blobId");
      JsonElement size = content.get("size");
      boolean stated = hex != null && hex.isJsonPrimitive() && size != null;
      files.add(
          (stated ? Checksum.parse(hex.getAsString()) : Optional.<Checksum>empty())
              .map(checksum -> new RemoteFile(path, size.getAsLong(), checksum))
              .orElseGet(() -> RemoteFile.unstated(path)));
    }
    return List.copyOf(files);
  }

  /** A file by its name. */
  Optional<RemoteFile> file(String path) {
    return files.stream().filter(file -> file.path().equals(path)).findFirst();
  }

  /** The files in a folder and in folders below it. */
  List<RemoteFile> below(String folder) {
    return files.stream().filter(file -> file.path().startsWith(folder + "/")).toList();
  }
}
