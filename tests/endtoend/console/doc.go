// Package console drives the console's pages with a browser, the way users do: the journeys are written in TypeScript, in
// console/web/e2e, and run by Node with Debian's Chromium: one story each, on servers, a worker and a console that they share. Screenshots
// are kept in .build/screenshots, or in the folder that DROVER_E2E_SHOTS names.
//
// There is nothing here but tests. Without Node, its modules or Chromium they are skipped.
package console
