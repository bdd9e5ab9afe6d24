/** True in the process that holds a detached box; it was started by `run --detach`. */
export function isDetached(): boolean {
  return process.env.POWERBOX_DETACHED === '1' && process.send !== undefined;
}
