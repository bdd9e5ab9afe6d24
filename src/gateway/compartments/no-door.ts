import { RpcTarget } from 'capnweb';

/** What a worker begins with: an object without a method. */
export class NoDoor extends RpcTarget {}
