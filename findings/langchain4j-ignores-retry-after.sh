#!/usr/bin/env bash
# LangChain4j's OpenAI client ignores Retry-After: it calls a busy server that answers "in 10 seconds" three times
# within about two seconds, and then throws an exception. This affects every server that sheds load.
work=$(mktemp -d)
. "$(dirname "$0")/java-program"
artifacts dev.langchain4j:langchain4j-open-ai:1.19.0
cat >"$work/RetryAfter.java" <<'JAVA'
import com.sun.net.httpserver.HttpServer;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

public class RetryAfter {
  public static void main(String[] args) throws Exception {
    List<Long> asked = new CopyOnWriteArrayList<>();
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", exchange -> {
      asked.add(System.nanoTime());
      exchange.getRequestBody().readAllBytes();
      exchange.getResponseHeaders().set("Retry-After", "10");
      exchange.sendResponseHeaders(429, -1);
      exchange.close();
    });
    server.start();
    String failure = "none";
    try {
      OpenAiEmbeddingModel.builder()
          .baseUrl("http://127.0.0.1:" + server.getAddress().getPort() + "/v1")
          .apiKey("none").modelName("any").build().embed("tide");
    } catch (RuntimeException e) {
      failure = e.getClass().getSimpleName();
    }
    server.stop(0);
    double seconds = (asked.get(asked.size() - 1) - asked.get(0)) / 1e9;
    System.out.printf("Retry-After: 10; asked %d times within %.1f s, then %s%n", asked.size(), seconds, failure);
    System.exit(asked.size() > 1 && seconds < 10 && !failure.equals("none") ? 0 : 1);
  }
}
JAVA
java_program RetryAfter || exit 1
