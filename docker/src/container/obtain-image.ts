import { getContainerRuntimeClient, ImageName, type ContainerRuntimeClient } from "testcontainers";

const problems = new Map<string, Promise<string | undefined>>();

/** Makes sure that the engine has the image, and pulls it once if necessary; resolves with what went wrong. */
export function obtainImage(name: string): Promise<string | undefined> {
  let problem = problems.get(name);
  if (problem === undefined) {
    problem = obtain(name);
    problems.set(name, problem);
  }
  return problem;
}

async function obtain(name: string): Promise<string | undefined> {
  let client: ContainerRuntimeClient;
  try {
    client = await getContainerRuntimeClient();
  } catch (error) {
    return `no engine answers (${firstLine(error)})`;
  }
  const image = ImageName.fromString(name);
  if (await client.image.exists(image)) return undefined;
  process.stderr.write(`docker: pulling ${name}\n`);
  try {
    await client.image.pull(image);
    return undefined;
  } catch (error) {
    return `the engine has no image ${name} and could not pull it (${firstLine(error)})`;
  }
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split("\n")[0] as string;
}
