// Where clients reach the gateway, as far as the node says it.
import type { NodeInfo } from './types';
import { useAsk } from './use_ask';

export function useGateway(): string {
  return reached(useAsk<NodeInfo>('/node').value?.gateway_url);
}

/** Without what is there twice, and by this page's host where the gateway listens on all addresses. */
function reached(told: string | null | undefined): string {
  const url = told || `http://${location.hostname}:18080`;
  return url.replace(/\/+$/, '').replace(/\/\/(0\.0\.0\.0|\[::\])(?=:|$)/, `//${location.hostname}`);
}
