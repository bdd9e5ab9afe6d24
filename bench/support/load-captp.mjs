// @endo/captp in a realm that was locked down, as its own daemon runs it.

export async function loadCapTp() {
  // Packages that the library brings along.
  const packages = new URL('../../node_modules/', import.meta.url);
  await import(new URL('ses/index.js', packages));
  await import(new URL('@endo/eventual-send/shim.js', packages));
  lockdown({ errorTaming: 'unsafe', overrideTaming: 'severe', stackFiltering: 'concise' });
  const { E, Far, makeCapTP } = await import('@endo/captp');
  return { E, Far, makeCapTP };
}
