#!/usr/bin/env bash
# DJL's tokenizers in two class loaders of one JVM: the second cannot load its native library. DJL unpacks it to one
# fixed path below the home directory, and a JVM allows a native library file in one class loader only. This affects
# two web applications in one server, and one application that is deployed again. (ONNX Runtime unpacks a copy for
# each class loader, and works.)
work=$(mktemp -d)
. "$(dirname "$0")/java-program"
artifacts ai.djl.huggingface:tokenizers:0.38.0
cat >"$work/TwoLoaders.java" <<'JAVA'
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;

public class TwoLoaders {
  public static void main(String[] jars) throws Exception {
    URL[] urls = new URL[jars.length];
    for (int i = 0; i < jars.length; i++) urls[i] = new File(jars[i]).toURI().toURL();
    String[] came = new String[2];
    for (int i = 0; i < 2; i++) {
      ClassLoader loader = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader());
      Thread.currentThread().setContextClassLoader(loader);
      try {
        Class.forName("ai.djl.huggingface.tokenizers.jni.LibUtils", true, loader).getMethod("checkStatus").invoke(null);
        came[i] = "loaded";
      } catch (Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null) cause = cause.getCause();
        came[i] = String.valueOf(cause.getMessage());
      }
      System.out.println("class loader " + (i + 1) + ": " + came[i]);
    }
    System.exit(came[0].equals("loaded") && came[1].contains("already loaded in another classloader") ? 0 : 1);
  }
}
JAVA
export ENGINE_CACHE_DIR=$work/cache
java_program TwoLoaders "$work"/jars/*.jar || exit 1
