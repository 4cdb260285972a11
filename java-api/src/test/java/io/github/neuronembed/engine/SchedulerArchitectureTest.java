package io.github.neuronembed.engine;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.github.neuronembed.engine.core.Cores;
import io.github.neuronembed.engine.queue.RequestQueue;
import java.time.Clock;
import java.time.Instant;
import java.util.Timer;
import org.junit.jupiter.api.Test;

/** What decides in the engine has neither thread nor clock nor callback: it can be simulated. */
class SchedulerArchitectureTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages(EmbeddingEngine.class.getPackageName());

  private static final DescribedPredicate<JavaClass> DECIDES =
      resideInAnyPackage(RequestQueue.class.getPackageName(), Cores.class.getPackageName())
          .or(
              belongToAnyOf(
                  Scheduler.class, Ends.class, Lease.class, Statistics.class, Answer.class));

  @Test
  void hasNoThreadAndNoClock() {
    noClasses()
        .that(DECIDES)
        .should()
        .dependOnClassesThat(
            resideInAnyPackage("java.util.concurrent..", "org.slf4j..")
                .or(
                    belongToAnyOf(
                        Thread.class, Runnable.class, Timer.class, Clock.class, Instant.class)))
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .check(CLASSES);
  }

  @Test
  void hasNoCallback() {
    noFields()
        .that()
        .areDeclaredInClassesThat(DECIDES)
        .should()
        .haveRawType(resideInAPackage("java.util.function.."))
        .check(CLASSES);
    noClasses()
        .that(DECIDES)
        .should()
        .dependOnClassesThat(
            belongToAnyOf(
                EngineListener.class,
                EngineOptions.class,
                Dispatcher.class,
                Completions.class,
                Call.class))
        .check(CLASSES);
  }
}
