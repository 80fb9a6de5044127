// What tests/endtoend/console gives to the journeys on a real stack, in the environment.

export const given = {
  link: wanted('DROVER_E2E_LINK'), // the one-time link
  app: wanted('DROVER_E2E_APP'), // the name to publish the package under
  package: wanted('DROVER_E2E_PACKAGE'), // a file to upload
  volumes: wanted('DROVER_E2E_VOLUMES'), // the folder of the nodes' volumes
};

export const base = new URL(given.link).origin;

function wanted(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the journeys with make console-e2e`);
  return value;
}
