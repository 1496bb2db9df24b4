// The controls of a call: one row that a thumb reaches, and a menu of what does not fit there.
import type { ComponentChildren, JSX } from "preact";

import { t } from "./i18n";
import { LeaveIcon, MoreIcon } from "./icons";
import { Popup } from "./popup";
import type { RoomParts, Tool } from "./tools";
import { toolsOf } from "./tools";

interface ToolbarProps extends RoomParts {
  /** Whether the screen is too narrow for all buttons. */
  readonly narrow: boolean;
  /** Something lies over the bar. */
  readonly covered: boolean;
}

export function Toolbar({ narrow, covered, ...parts }: ToolbarProps): JSX.Element {
  const tools = toolsOf(parts);
  const isInBar = ({ place }: Tool): boolean => place === "bar" || (place === "wide" && !narrow);
  const rest = tools.filter((tool) => !isInBar(tool));
  const { leave, talk } = t();
  // A number that the menu hides would be missed.
  const hidden = rest.find(({ count }) => count?.urgent === true && count.value > 0)?.count;
  return (
    <div class="toolbar" role="group" aria-label={t().toolbar} inert={covered}>
      {tools.filter(isInBar).map((tool) => (
        <BarButton key={tool.id} tool={tool} />
      ))}
      <Popup
        id="more"
        label={talk.more}
        buttonClass="tool"
        button={
          <Face icon={<MoreIcon />} label={talk.more} {...(hidden && { count: hidden })} />
        }
      >
        {(close) => rest.map((tool) => <MenuLine key={tool.id} tool={tool} close={close} />)}
      </Popup>
      <button
        id="leave"
        type="button"
        class="tool leave"
        title={leave}
        onClick={() => parts.store.leave()}
      >
        <Face icon={<LeaveIcon />} label={leave} />
      </button>
    </div>
  );
}

function BarButton({ tool }: { readonly tool: Tool }): JSX.Element {
  const { id, label, title, icon: Icon, kind, pressed, expanded, count, custom, run } = tool;
  if (custom !== undefined) {
    return <>{custom("bar", () => undefined)}</>;
  }
  return (
    <button
      id={id}
      type="button"
      class={`tool ${kind ?? ""}`}
      title={title ?? label}
      aria-pressed={pressed}
      aria-expanded={expanded}
      onClick={run}
    >
      <Face icon={<Icon />} label={label} {...(count && { count })} />
    </button>
  );
}

interface FaceProps {
  readonly icon: ComponentChildren;
  readonly label: string;
  readonly count?: NonNullable<Tool["count"]>;
}

/** What a button of the bar looks like. */
export function Face({ icon, label, count }: FaceProps): JSX.Element {
  return (
    <>
      <span class="tool-icon">
        {icon}
        <Count {...count} />
      </span>
      <span class="tool-label">{label}</span>
      {count !== undefined && count.value > 0 && (
        <span class="visually-hidden">, {count.said}</span>
      )}
    </>
  );
}

function Count({ value = 0, urgent = false }: Partial<NonNullable<Tool["count"]>>) {
  return value === 0 ? null : (
    <span class={`count${urgent ? " urgent" : ""}`} aria-hidden="true">
      {value}
    </span>
  );
}

interface MenuLineProps {
  readonly tool: Tool;
  readonly close: () => void;
}

function MenuLine({ tool, close }: MenuLineProps): JSX.Element {
  const { id, label, icon: Icon, pressed, expanded, count, custom, run } = tool;
  if (custom !== undefined) {
    return <>{custom("menu", close)}</>;
  }
  return (
    <button
      id={id}
      type="button"
      class="menu-line"
      aria-pressed={pressed}
      aria-expanded={expanded}
      onClick={() => {
        // First, so that what opens gives the focus back to the menu's button.
        close();
        run();
      }}
    >
      <Icon />
      <span class="menu-label">{label}</span>
      {count !== undefined && count.value > 0 && (
        <>
          <span class={`menu-count${count.urgent === true ? " urgent" : ""}`} aria-hidden="true">
            {count.value}
          </span>
          <span class="visually-hidden">, {count.said}</span>
        </>
      )}
    </button>
  );
}
