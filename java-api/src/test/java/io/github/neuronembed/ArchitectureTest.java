package io.github.neuronembed;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The arrows of the design: who may know whom. */
class ArchitectureTest {

  private static final String BASE = "io.github.neuronembed";
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .withImportOption(location -> !location.contains("neuron-embed-native"))
          .withImportOption(location -> !location.contains("/native/target/"))
          .importPackages(BASE);

  @Test
  void onlyTheTokenizerPackageKnowsTheTokenizerLibrary() {
    noClasses()
        .that()
        .resideOutsideOfPackage(BASE + ".tokenizer..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("ai.djl..")
        .check(CLASSES);
  }

  @Test
  void onlyTheOnnxBackendKnowsOnnxRuntime() {
    noClasses()
        .that()
        .resideOutsideOfPackage(BASE + ".backend.onnx..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("ai.onnxruntime..")
        .check(CLASSES);
  }

  @Test
  void onlyTheNeuronBackendKnowsTheBindings() {
    noClasses()
        .that()
        .resideOutsideOfPackage(BASE + ".backend.neuron..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(BASE + ".nrt..")
        .check(CLASSES);
  }

  @Test
  void onlyTheCpuBackendKnowsTheEncoder() {
    noClasses()
        .that()
        .resideOutsideOfPackage(BASE + ".backend.cpu..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(BASE + ".encoder..")
        .check(CLASSES);
  }

  @Test
  void theBackendContractStandsAlone() {
    classes()
        .that()
        .resideInAPackage(BASE + ".backend")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(BASE + ".backend", "java..", "org.jspecify..")
        .check(CLASSES);
  }

  @Test
  void backendsDoNotKnowTheEngineOrText() {
    noClasses()
        .that()
        .resideInAPackage(BASE + ".backend..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(BASE + ".engine..", BASE + ".tokenizer..")
        .check(CLASSES);
  }

  @Test
  void theEngineKnowsNoBackendAndNoText() {
    noClasses()
        .that()
        .resideInAPackage(BASE + ".engine..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(BASE + ".backend.*..", BASE + ".tokenizer..")
        .check(CLASSES);
  }

  @Test
  void packagesBelowTheApiHaveNoCycles() {
    slices().matching(BASE + ".(*)..").should().beFreeOfCycles().check(CLASSES);
    slices().matching(BASE + ".engine.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  /** Queue and cores are below the engine and do not depend on it. */
  @Test
  void theQueueAndTheCoresDoNotDependOnTheEngine() {
    noClasses()
        .that()
        .resideInAnyPackage(BASE + ".engine.queue..", BASE + ".engine.core..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(BASE + ".engine")
        .check(CLASSES);
  }

  @Test
  void nothingPrintsToTheConsole() {
    noClasses()
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .check(CLASSES);
  }
}
