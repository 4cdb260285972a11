package io.github.neuronembed.cli.pull;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The prompts of model families whose repositories do not state them, from the source that the row
 * names. Read in November 2026: bge's list; e5's evaluation program (github.com/microsoft/unilm at
 * 768a3c8, {@code e5/mteb_beir_eval.py}), and the same in the model table of mteb ({@code
 * e5_models.py}) and in the cards' FAQ as a copy of e5-base-v2's shows it
 * (deepinfra.com/intfloat/e5-base-v2). Only the tables of results of gte's cards were readable;
 * they name no prefix, and no known program that embeds with these models has one. The cards of
 * sentence-transformers' models could not be opened; their prompts are from general knowledge.
 *
 * @param source where the authors state them
 * @param repositories the repositories of these authors that have these prompts
 * @param query prefix of a query; empty for none
 * @param passage prefix of a passage; empty for none
 */
record KnownPrompts(String source, Set<String> repositories, String query, String passage) {

  private static final List<KnownPrompts> TABLE =
      List.of(
          new KnownPrompts(
              "the model list in the README of github.com/FlagOpen/FlagEmbedding, which the model cards repeat",
              named(
                  "BAAI/bge-",
                  "small-en-v1.5",
                  "base-en-v1.5",
                  "large-en-v1.5",
                  "small-en",
                  "base-en",
                  "large-en"),
              "Represent this sentence for searching relevant passages: ",
              ""),
          new KnownPrompts(
              "the model list in the README of github.com/FlagOpen/FlagEmbedding, which the model cards repeat",
              named(
                  "BAAI/bge-",
                  "small-zh-v1.5",
                  "base-zh-v1.5",
                  "large-zh-v1.5",
                  "small-zh",
                  "base-zh",
                  "large-zh"),
              "为这个句子生成表示以用于检索相关文章：",
              ""),
          new KnownPrompts(
              "the authors' evaluation program (e5/mteb_beir_eval.py in github.com/microsoft/unilm) and the model cards' FAQ; for what is not retrieval they advise the query's for both",
              named(
                  "intfloat/",
                  "e5-small-v2",
                  "e5-base-v2",
                  "e5-large-v2",
                  "e5-small",
                  "e5-base",
                  "e5-large",
                  "multilingual-e5-small",
                  "multilingual-e5-base",
                  "multilingual-e5-large"),
              "query: ",
              "passage: "),
          new KnownPrompts(
              "the model cards, whose examples embed queries and passages as they are",
              named(
                  "sentence-transformers/",
                  "all-MiniLM-L6-v2",
                  "all-MiniLM-L12-v2",
                  "all-mpnet-base-v2",
                  "all-distilroberta-v1",
                  "multi-qa-MiniLM-L6-cos-v1",
                  "multi-qa-mpnet-base-dot-v1",
                  "multi-qa-mpnet-base-cos-v1",
                  "paraphrase-MiniLM-L6-v2",
                  "paraphrase-multilingual-MiniLM-L12-v2",
                  "paraphrase-multilingual-mpnet-base-v2"),
              "",
              ""),
          new KnownPrompts(
              "the model cards, whose examples embed queries and passages as they are",
              named("thenlper/gte-", "small", "base", "large", "small-zh", "base-zh", "large-zh"),
              "",
              ""));

  private static Set<String> named(String beginning, String... ends) {
    Set<String> names = new TreeSet<>();
    for (String end : ends) {
      names.add(beginning + end);
    }
    return names;
  }

  /** The prompts of a repository; empty for one that is not in the table. */
  static Optional<KnownPrompts> of(Repository repository) {
    return TABLE.stream().filter(row -> row.repositories.contains(repository.id())).findFirst();
  }

  /** The repositories of the table, for the help. */
  static String names() {
    return TABLE.stream()
        .flatMap(row -> row.repositories.stream())
        .collect(Collectors.joining(", "));
  }
}
