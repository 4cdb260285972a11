// Validates the Kubernetes manifests against the schemas of the API and of KEDA, checks them against the needs of the
// server, and lints the Dockerfile. usage: deploy/check.sh
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { validate as lint } from "dockerfile-utils";
import { parseAllDocuments } from "yaml";

const deploy = join(import.meta.dirname, "..");
const problems = [];
const problem = (where, what) => problems.push(`${where}: ${what}`);

/** Types, formats and required keys; a key that the schema does not know passes. */
async function validate(file, document) {
  const { apiVersion, kind } = document;
  const models = apiVersion.startsWith("keda.sh/") ? "@kubernetes-models/keda" : "kubernetes-models";
  try {
    const { [kind]: Model } = await import(`${models}/${apiVersion}`);
    new Model(document).validate();
  } catch (error) {
    problem(`${file}, ${kind}`, error.message);
  }
}

function checkDeployment(file, deployment) {
  const where = `${file}, Deployment`;
  const pod = deployment.spec.template.spec;
  const [container] = pod.containers;
  const needs = (condition, what) => condition || problem(where, what);
  needs(pod.securityContext.runAsNonRoot, "runs as root");
  needs(container.securityContext.readOnlyRootFilesystem, "its root can be written");
  needs(container.securityContext.allowPrivilegeEscalation === false, "may gain privileges");
  needs(container.securityContext.capabilities.drop.includes("ALL"), "keeps capabilities");
  needs(container.volumeMounts.some((mount) => mount.mountPath === "/tmp"), "has no writable /tmp");
  const drain = Number(/`--drain-timeout` \| (\d+) s/.exec(readFileSync(join(deploy, "../docs/serve.md"), "utf8"))[1]);
  needs(pod.terminationGracePeriodSeconds > drain, `is killed before it has drained (${drain} s)`);
  const paths = ["startupProbe", "readinessProbe", "livenessProbe"].map((probe) => container[probe]?.httpGet.path);
  needs(paths.join() === "/health/live,/health/ready,/health/live", `probes ${paths.join()}`);
  const port = container.ports.find((each) => each.name === "http").containerPort;
  needs(container.args[container.args.indexOf("--port") + 1] === String(port), "serves another port than it names");
  if (container.resources.limits["aws.amazon.com/neuron"]) {
    needs(deployment.spec.strategy.type === "Recreate", "starts a pod before the cores are free");
  }
  needs(deployment.spec.selector.matchLabels["app.kubernetes.io/name"] ===
    deployment.spec.template.metadata.labels["app.kubernetes.io/name"], "does not select its own pods");
}

const manifests = join(deploy, "kubernetes");
const names = { Deployment: new Set(), Service: new Set() };
const scaled = [];
let documents = 0;
for (const file of readdirSync(manifests).filter((name) => name.endsWith(".yaml"))) {
  for (const parsed of parseAllDocuments(readFileSync(join(manifests, file), "utf8"), { uniqueKeys: true })) {
    parsed.errors.forEach((error) => problem(file, error.message));
    const document = parsed.toJS();
    documents++;
    await validate(file, document);
    names[document.kind]?.add(document.metadata.name);
    if (document.kind === "Deployment") checkDeployment(file, document);
    if (document.kind === "ScaledObject") scaled.push([file, document]);
  }
}
for (const [file, { spec }] of scaled) {
  if (!names.Deployment.has(spec.scaleTargetRef.name)) problem(file, `scales ${spec.scaleTargetRef.name}, which no file here has`);
}

for (const found of lint(readFileSync(join(deploy, "Dockerfile"), "utf8"))) {
  problem("Dockerfile", `line ${found.range.start.line + 1}: ${found.message}`);
}

problems.forEach((each) => console.error(`deploy/check: ${each}`));
console.log(`deploy: ${documents} manifests and a Dockerfile, ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
